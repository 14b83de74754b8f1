/**
 * Any operations in any order: an engine does what the plain queue in memory does.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type QueueFilter,
  type QueueStore,
  queueChanges,
  type RecipientOutcome,
} from '../../src/store/queue-store.ts';
import { memoryQueue } from './memory-queue.ts';
import { contentOf, exampleMessage, exampleRecipient, senderOf, someBytes } from './queue-suite.ts';

/** Resolves to what the operation gives; rejects where it is refused. */
type Operation = (store: QueueStore) => Promise<unknown>;

const id = fc.integer({ min: 1, max: 9 });
const time = fc.integer({ min: 0, max: 20 });
const domain = fc.constantFrom('a.example', 'b.example', 'c\0\ud800', 'd.example');
const recipients = fc.array(
  domain.map((name) => exampleRecipient(name)),
  { maxLength: 3 },
);

/** An operation and its name, for the report of a counterexample. */
function operation<Args extends unknown[]>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (store: QueueStore, ...args: Args) => Promise<unknown>,
): fc.Arbitrary<Operation> {
  return args.map((given) => {
    const perform: Operation = (store) => run(store, ...given);
    return Object.assign(perform, {
      [fc.toStringMethod]: () => `${name}(${fc.stringify(given).slice(1, -1)})`,
    });
  });
}

const outcomes: fc.Arbitrary<readonly RecipientOutcome[]> = fc.array(
  fc.record({
    index: fc.integer({ min: 0, max: 3 }),
    state: fc.constantFrom('waiting', 'delivered', 'failed'),
    attempts: fc.nat(5),
    dueAt: time,
    reply: fc.constantFrom(null, { code: 450, status: '4.0.0', text: 'later' }),
    reason: fc.constantFrom(null, 'expired', 'dns-failure'),
    delayTold: fc.boolean(),
    failureTold: fc.boolean(),
  }),
  { maxLength: 4 },
);

const pattern = fc.constantFrom(
  '',
  '*',
  'info@*',
  '*.example',
  'info@b.example',
  '*\\*',
  'x[y]?',
  '*[y]*',
);
const filters: fc.Arbitrary<QueueFilter> = fc.record(
  {
    ids: fc.array(id, { maxLength: 4 }),
    sender: pattern,
    recipient: pattern,
    domain,
    reason: fc.constantFrom('expired', 'dns-failure'),
    state: fc.constantFrom('queued', 'held', 'purged', 'kept'),
    receivedBefore: time,
    receivedAfter: time,
  },
  { requiredKeys: [] },
);

const operations = fc.oneof(
  {
    weight: 4,
    arbitrary: operation(
      'commit',
      fc.tuple(
        id,
        recipients,
        fc.constantFrom(0, 10, 70_000, 300_000),
        fc.boolean(),
        time,
        fc.constantFrom('', 'info@b.example', 'a\0\\b', 'x[y]?'),
      ),
      async (store, number, to, size, claim, receivedAt, sender) => {
        await using draft = store.begin();
        await draft?.write(someBytes(size));
        const message = exampleMessage(number, { receivedAt, sender: senderOf(sender) });
        await draft?.commit(message, to, Buffer.from(`head ${number}`), claim);
      },
    ),
  },
  {
    weight: 3,
    arbitrary: operation(
      'claim',
      fc.tuple(
        time,
        fc.integer({ min: 4, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.uniqueArray(domain, { maxLength: 2 }),
      ),
      (store, now, limit, perDomain, except) => store.claim(now, limit, perDomain, except),
    ),
  },
  {
    weight: 5,
    arbitrary: operation(
      'settle',
      fc.tuple(id, outcomes, fc.option(fc.tuple(id, recipients)), fc.option(time)),
      (store, number, told, notice, keepUntil) =>
        store.settle({
          id: number,
          outcomes: told,
          keepUntil,
          notice: notice && {
            message: exampleMessage(notice[0], { kind: 'notice', sender: senderOf('') }),
            recipients: notice[1],
            content: Buffer.from('it failed'),
          },
        }),
    ),
  },
  operation('unclaim', fc.tuple(id), (store, number) => store.unclaim(number)),
  {
    weight: 4,
    arbitrary: operation(
      'change',
      fc.tuple(fc.constantFrom(...queueChanges), fc.array(id, { maxLength: 3 }), time, time),
      (store, change, ids, now, until) => store.change(change, ids, now, until),
    ),
  },
  operation('list', fc.tuple(filters), (store, filter) => Array.fromAsync(store.list(filter))),
  operation('expire', fc.tuple(time), (store, now) => store.expire(now)),
  operation('nextDue', fc.tuple(fc.uniqueArray(domain, { maxLength: 2 })), (store, except) =>
    store.nextDue(except),
  ),
);

/** All that can be seen of a queue. */
async function everything(store: QueueStore): Promise<unknown> {
  const messages = await Array.fromAsync(store.list({}));
  return {
    messages,
    contents: await Promise.all(messages.map((message) => contentOf(store, message.id))),
    counts: await store.counts(),
    notices: await store.noticesQueued(3),
    lastId: await store.lastId(),
    nextDue: await store.nextDue(),
  };
}

/** What it gives, or that it was refused. */
async function resultOf(operate: Operation, store: QueueStore): Promise<unknown> {
  try {
    return (await operate(store)) ?? null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

/** `open` opens an empty queue. Throws with a smallest counterexample. */
export async function checkRandomly(open: () => Promise<QueueStore>, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { maxLength: 60, size: 'max' }), async (list) => {
      await using store = await open();
      await using model = memoryQueue();
      for (const operate of list) {
        assert.deepEqual(await resultOf(operate, store), await resultOf(operate, model));
        assert.deepEqual(await everything(store), await everything(model));
      }
    }),
    { numRuns: runs },
  );
}
