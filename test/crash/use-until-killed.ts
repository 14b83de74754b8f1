/**
 * Run by a test as a process of its own: puts messages into the queue that its argument names and
 * takes some out, and prints what the store has promised, until it is killed.
 *
 * - `+ ID`: committed
 * - `? ID [NOTICE]`: about to be settled for good, with a notice or without
 * - `- ID [NOTICE]`: that is done
 */
import { flushCompileCache } from 'node:module';
import { openQueueStore } from '../../src/store/open-queue.ts';
import type { QueuedMessage } from '../../src/store/queue-store.ts';
import { outcome } from '../store/queue-suite.ts';
import { knownMessage } from './known-message.ts';

const store = await openQueueStore(process.argv[2] ?? '', { serve: true });
await store.recover();
let last = await store.lastId();
say('ready');
flushCompileCache();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function take(): Promise<void> {
  const id = ++last;
  const { message, recipients, head, body } = knownMessage(id);
  await using draft = store.begin();
  for (let at = 0; draft && at < body.length; at += 50_000)
    await draft.write(body.subarray(at, at + 50_000));
  await draft?.commit(message, recipients, head, id % 2 === 0);
  say(`+ ${id}`);
  if (id % 2 === 0) await end(message.id, recipients.length);
}

async function end(id: number, recipients: number): Promise<void> {
  const isFailed = id % 4 === 0;
  const noticeId = isFailed ? ++last : null;
  const known = noticeId === null ? null : knownMessage(noticeId, 'notice');
  say(`? ${id} ${noticeId ?? ''}`);
  await store.settle({
    id,
    outcomes: Array.from({ length: recipients }, (_, index) =>
      outcome(index, { state: isFailed ? 'failed' : 'delivered' }),
    ),
    notice: known && { ...known, content: Buffer.concat([known.head, known.body]) },
    keepUntil: null,
  });
  say(`- ${id} ${noticeId ?? ''}`);
}

/** What was left behind: some of it waits a little longer, most is over, so that the queue stays small. */
async function deliver(): Promise<void> {
  const claimed = await store.claim(Number.MAX_SAFE_INTEGER, 100, 100, []);
  await Promise.all(
    claimed.map((message) =>
      message.id % 3 === 0 && message.recipients[0]?.attempts === 0
        ? later(message)
        : end(message.id, message.recipients.length),
    ),
  );
}

/** Given back once already: untouched it would be claimed again at once, for ever. */
const givenBack = new Set<number>();

async function later({ id, recipients }: QueuedMessage): Promise<void> {
  const outcomes = recipients.map(({ index, dueAt, attempts }) =>
    outcome(index, { state: 'waiting', dueAt: dueAt + 1, attempts: attempts + 1 }),
  );
  if (id % 2 === 0 && !givenBack.has(id)) {
    givenBack.add(id);
    await store.unclaim(id);
  } else await store.settle({ id, outcomes, notice: null, keepUntil: null });
}

async function forever(work: () => Promise<void>): Promise<void> {
  for (;;) await work();
}

await Promise.all([...Array.from({ length: 6 }, () => forever(take)), forever(deliver)]);
