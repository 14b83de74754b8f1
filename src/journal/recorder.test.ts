import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../test/fake-clock.ts';
import { liveMemory } from '../../test/live-memory.ts';
import { exampleReceipt, readAll } from '../../test/store/journal-suite.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { replies } from '../mail/reply.ts';
import { JournalWriteError } from '../store/errors.ts';
import type { JournalStore } from '../store/journal-store.ts';
import { openJournalStore } from '../store/open-journal.ts';
import type { Question, Receipt, Verdict } from '../verdict/verdict.ts';
import { createRecorder, type RecorderLimits } from './recorder.ts';

const refusal: Verdict = {
  action: 'refuse',
  reply: replies.senderBlackhole,
  reason: 'loopback',
  domain: 'seaton.biz',
  steps: ['127.0.0.1 is a loopback address'],
};
const discard: Verdict = { ...refusal, action: 'discard', reply: null };

function question(changes: Partial<Question> = {}): Question {
  const sender: Question = {
    check: 'sender',
    adapter: 'milter',
    client: { address: '192.0.2.7', name: null, helo: 'mx.example' },
    reversePath: 'nicholas@seaton.biz',
    forwardPath: null,
    queueId: null,
    nextHop: null,
  };
  return Object.assign(sender, changes);
}

/** A store in memory that can be told to fail. */
function fakeStore() {
  const stored: Receipt[] = [];
  const pruned: number[] = [];
  const state = { isFull: false, appends: 0 };
  const store: Pick<JournalStore, 'append' | 'prune'> = {
    async append(receipts) {
      state.appends++;
      if (state.isFull) throw new JournalWriteError(new Error('database or disk is full'));
      stored.push(...receipts.map((receipt) => ({ ...receipt })));
    },
    async prune(before) {
      pruned.push(before);
      return 0;
    },
  };
  return { store, stored, pruned, state };
}

function setUp(limits: Partial<RecorderLimits> = {}) {
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = {
    info: (_: object, message: string) => void lines.push(`info ${message}`),
    error: (_: object, message: string) => void lines.push(`error ${message}`),
  };
  const fake = fakeStore();
  const recorder = createRecorder({ store: fake.store, log, clock, limits });
  return { ...fake, clock, lines, recorder };
}

const total = (receipts: readonly Receipt[]) => receipts.reduce((sum, { count }) => sum + count, 0);

test('a million refusals of one kind are one row, with first and last time', async () => {
  const { recorder, clock, stored } = setUp();
  const start = clock.now();
  recorder.record(question({ queueId: 'first', forwardPath: 'a@hosted.example' }), refusal, true);
  await clock.advance(500);
  for (let i = 1; i < 1_000_000; i++)
    recorder.record(question({ queueId: 'later', forwardPath: 'b@hosted.example' }), refusal, true);
  await clock.advance(500);
  assert.deepEqual(stored, [
    {
      from: start,
      until: start + 500,
      count: 1_000_000,
      adapter: 'milter',
      check: 'sender',
      action: 'refuse',
      enforced: true,
      reason: 'loopback',
      reply: replies.senderBlackhole,
      domain: 'seaton.biz',
      client: { address: '192.0.2.7', name: null, helo: 'mx.example' },
      reversePath: 'nicholas@seaton.biz',
      forwardPath: 'a@hosted.example',
      queueId: 'first',
      steps: refusal.steps,
    },
  ]);
});

test('every dropped message has a receipt of its own', async () => {
  const { recorder, clock, stored } = setUp();
  for (let i = 0; i < 2_000; i++) recorder.record(question({ queueId: `q${i}` }), discard, true);
  await clock.advance(1000);
  assert.equal(stored.length, 2_000);
  assert.ok(stored.every(({ count }, i) => count === 1 && stored[i]?.queueId === `q${i}`));
});

test('what was only watched is told apart, and summed, for nothing was dropped', async () => {
  const { recorder, stored } = setUp();
  for (const enforced of [true, false, false, false])
    recorder.record(question(), discard, enforced);
  await recorder.flush();
  assert.deepEqual(
    stored.map(({ count, enforced }) => [count, enforced]),
    [
      [1, true],
      [3, false],
    ],
  );
});

const different: readonly [
  name: string,
  question: Question,
  verdict: Verdict,
  enforced: boolean,
][] = [
  ['adapter', question({ adapter: 'socketmap' }), refusal, true],
  ['reverse-path', question({ reversePath: 'other@seaton.biz' }), refusal, true],
  ['no reverse-path', question({ reversePath: null as never }), refusal, true],
  ['null reverse-path', question({ reversePath: '' }), refusal, true],
  ['client', question({ client: { address: '192.0.2.8', name: null, helo: null } }), refusal, true],
  ['no client', question({ client: null }), refusal, true],
  ['action', question(), { ...refusal, action: 'defer' }, true],
  ['reason', question(), { ...refusal, reason: 'self' }, true],
  ['reply', question(), { ...refusal, reply: replies.senderNullMx }, true],
  ['no reply', question(), { ...refusal, reply: null }, true],
  ['domain', question(), { ...refusal, domain: 'other.example' }, true],
  ['enforcement', question(), refusal, false],
];
test('what differs is summed apart, what does not is not', async () => {
  const { recorder, stored } = setUp();
  recorder.record(question(), refusal, true);
  for (const [, asked, verdict, enforced] of different) recorder.record(asked, verdict, enforced);
  for (const [, asked, verdict, enforced] of different) recorder.record(asked, verdict, enforced);
  await recorder.flush();
  assert.equal(stored.length, different.length + 1);
  assert.deepEqual(
    stored.map(({ count }) => count),
    [1, ...different.map(() => 2)],
  );
});

test('no text can look like two', async () => {
  const { recorder, stored } = setUp();
  const texts = ['a', 'a a', 'a a a', 'a -', '-', '', ' ', '1:a', 'a 1:a'];
  for (const domain of texts)
    for (const reversePath of texts)
      recorder.record(question({ reversePath }), { ...refusal, domain }, true);
  await recorder.flush();
  assert.equal(stored.length, texts.length ** 2);
});

test('an accept leaves nothing, and nothing keeps a timer', async () => {
  const { recorder, clock, stored } = setUp();
  const idle = clock.timers;
  recorder.record(question(), { ...refusal, action: 'accept' }, true);
  assert.equal(clock.timers, idle);
  recorder.record(question(), refusal, true);
  await clock.advance(2000);
  assert.equal(stored.length, 1);
  assert.equal(clock.timers, idle, 'once written the clock rests');
});

test('a drop can wait for its receipt; many wait together', async () => {
  const { recorder, stored, state } = setUp();
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      recorder.record(question({ queueId: `q${i}` }), discard, true);
      assert.equal(await recorder.kept(), true);
      assert.ok(stored.some(({ queueId }) => queueId === `q${i}`));
    }),
  );
  assert.equal(state.appends, 1);
});

test('while the journal cannot be written no drop waits for it', async () => {
  const { recorder, stored, state, clock } = setUp();
  state.isFull = true;
  for (let i = 0; i < 100; i++) {
    recorder.record(question({ queueId: `q${i}` }), discard, true);
    assert.equal(await recorder.kept(), false);
  }
  assert.equal(state.appends, 1);
  state.isFull = false;
  await clock.advance(1000);
  assert.equal(stored.length, 100);
  recorder.record(question(), discard, true);
  assert.equal(await recorder.kept(), true);
});

test('too many kinds are joined: the count stays right, what differs is left out', async () => {
  const { recorder, stored } = setUp({ sums: 100 });
  for (let i = 0; i < 10_000; i++)
    recorder.record(question({ reversePath: `forged${i}@seaton.biz` }), refusal, true);
  await recorder.flush();
  assert.equal(stored.length, 101);
  assert.equal(total(stored), 10_000);
  const joined = stored.at(-1);
  assert.equal(joined?.count, 9_900);
  assert.equal(joined?.reversePath, null);
  assert.equal(joined?.domain, 'seaton.biz', 'what is common to all stays');
  assert.equal(joined?.client?.address, '192.0.2.7');
  assert.match(joined?.steps.join() ?? '', /left out/);
});

test('many kinds are written once a minute, few once a second', async () => {
  const { recorder, clock, stored } = setUp();
  for (let second = 0; second < 120; second++) {
    for (let i = 0; i < 9_000; i++)
      recorder.record(question({ reversePath: `forged${i}@seaton.biz` }), refusal, true);
    recorder.record(question({ queueId: `q${second}` }), discard, true);
    await clock.advance(1000);
    assert.ok(
      stored.some(({ queueId }) => queueId === `q${second}`),
      'a drop does not wait',
    );
  }
  await recorder.flush();
  assert.ok(stored.length <= 3 * 9_000 + 120, `${stored.length} rows`);
  assert.equal(total(stored), 120 * 9_001);
});

test('more dropped messages than fit are summed, and none is lost', async () => {
  const { recorder, stored } = setUp({ singles: 100 });
  for (let i = 0; i < 1_000; i++) recorder.record(question({ queueId: `q${i}` }), discard, true);
  await recorder.flush();
  assert.equal(stored.length, 101);
  assert.equal(total(stored), 1_000);
});

test('a full disk stops nothing, is told once, and so is its end; all is written later', async () => {
  const { recorder, clock, stored, state, lines } = setUp({ batch: 10 });
  for (let i = 0; i < 25; i++) recorder.record(question({ queueId: `q${i}` }), discard, true);
  state.isFull = true;
  for (let i = 0; i < 50; i++) {
    recorder.record(question(), refusal, true);
    await clock.advance(1000);
  }
  assert.equal(stored.length, 0);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^error .*cannot be written; mail goes on/);
  assert.equal(await recorder.flush(), false);
  state.isFull = false;
  await clock.advance(1000);
  assert.deepEqual(lines.slice(1), ['info the journal can be written again']);
  assert.equal(stored.filter(({ action }) => action === 'discard').length, 25);
  assert.equal(total(stored), 75);
  state.isFull = true;
  recorder.record(question(), refusal, true);
  await clock.advance(3000);
  assert.equal(lines.length, 3, 'a new trouble is told anew');
});

test('trouble in the middle of a flush writes nothing twice', async () => {
  const { recorder, stored, state, store } = setUp({ batch: 10 });
  const append = store.append;
  let left = 2;
  store.append = (receipts) => {
    if (left-- === 0) state.isFull = true;
    return append(receipts);
  };
  for (let i = 0; i < 45; i++) recorder.record(question({ queueId: `q${i}` }), discard, true);
  assert.equal(await recorder.flush(), false);
  assert.equal(stored.length, 20);
  state.isFull = false;
  assert.equal(await recorder.flush(), true);
  assert.deepEqual(
    stored.map(({ queueId }) => queueId),
    Array.from({ length: 45 }, (_, i) => `q${i}`),
  );
});

test('a disk with room for a little at a time is one trouble, not many', async () => {
  const { recorder, clock, store, state, lines } = setUp({ batch: 10 });
  const append = store.append;
  store.append = async (receipts) => {
    state.isFull = !state.isFull;
    return append(receipts);
  };
  for (let i = 0; i < 95; i++) recorder.record(question(), discard, true);
  for (let second = 0; second < 30; second++) await clock.advance(1000);
  assert.equal(lines.length, 2, lines.join('\n'));
});

test('memory stays bounded while the disk is full, whatever strangers write', async () => {
  const { recorder, clock, state, stored } = setUp({ characters: 1_000_000 });
  state.isFull = true;
  // A text of its own each time, as from a socket.
  const long = (i: number) => Buffer.alloc(100_000, `${i}x`).toString('latin1');
  const before = liveMemory();
  for (let i = 0; i < 5_000; i++) {
    const forwardPath = long(i);
    recorder.record(question({ forwardPath, reversePath: forwardPath }), discard, true);
    recorder.record(question({ forwardPath }), { ...refusal, domain: forwardPath }, true);
    if (i % 500 === 0) await clock.advance(1000);
  }
  const grown = liveMemory() - before;
  assert.ok(grown < 50_000_000, `${Math.round(grown / 1e6)} MB more after 1,000 MB of text`);
  state.isFull = false;
  await recorder.flush();
  assert.equal(total(stored), 10_000);
});

test('old receipts are pruned at the start and every hour', async () => {
  const { clock, pruned, recorder } = setUp({ retention: 1000 });
  const start = clock.now();
  await clock.advance(2 * 3_600_000);
  assert.deepEqual(pruned, [start - 1000, start + 3_599_000, start + 7_199_000]);
  await recorder.close();
  assert.equal(clock.timers, 0);
});

test('closing writes the rest, and says what could not be written', async () => {
  const good = setUp();
  good.recorder.record(question(), refusal, true);
  await good.recorder.close();
  good.recorder.record(question(), refusal, true);
  assert.equal(total(good.stored), 1);
  assert.deepEqual([good.lines, good.clock.timers], [[], 0]);

  const bad = setUp();
  bad.state.isFull = true;
  bad.recorder.record(question(), refusal, true);
  await bad.recorder.close();
  assert.match(bad.lines.at(-1) ?? '', /its last receipts are lost/);
});

test('a receipt that is ready is kept as it is, and the caller keeps his own', async () => {
  const { recorder, stored } = setUp();
  const mine = exampleReceipt({ count: 7 });
  recorder.add(mine);
  recorder.add(mine);
  await recorder.flush();
  assert.deepEqual(stored, [exampleReceipt({ count: 14 })]);
  assert.equal(mine.count, 7);
});

test('a clock that is set back does not hold up the sums', async () => {
  const { recorder, clock, stored } = setUp({ msPerSum: 5000 });
  recorder.record(question(), refusal, true);
  await clock.advance(1000);
  assert.equal(stored.length, 0);
  const now = clock.now();
  clock.now = () => now - 3_600_000;
  await clock.advance(1000);
  assert.equal(stored.length, 1);
});

test('whatever is recorded, and whatever fails meanwhile, the counts stored are those recorded', async () => {
  const event = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('record' as const),
        reversePath: fc.constantFrom('', 'a@x.example', 'b@x.example', 'c@y.example', '\ud800'),
        address: fc.constantFrom('192.0.2.1', '192.0.2.2', null),
        action: fc.constantFrom('refuse', 'defer', 'discard', 'quarantine'),
        reason: fc.constantFrom('loopback', 'null-mx'),
        enforced: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('fill', 'free', 'flush', 'second') }),
    },
  );
  const limits = {
    sums: fc.integer({ min: 0, max: 4 }),
    singles: fc.integer({ min: 0, max: 4 }),
    characters: fc.constantFrom(0, 600, 1_000_000),
    batch: fc.integer({ min: 1, max: 3 }),
  };
  const kindOf = ({
    check,
    action,
    reason,
    enforced,
  }: Pick<Receipt, 'check' | 'action' | 'reason' | 'enforced'>) =>
    `${check} ${action} ${reason} ${enforced}`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 60 }),
      fc.record(limits),
      async (events, bounds) => {
        const { recorder, clock, state, stored } = setUp(bounds);
        const recorded = new Map<string, number>();
        for (const event of events) {
          if (event.kind === 'record') {
            const { reversePath, address, action, reason, enforced } = event;
            const client = { address, name: null, helo: null };
            recorder.record(
              question({ reversePath, client }),
              { ...refusal, action, reason },
              enforced,
            );
            const kind = kindOf({ check: 'sender', action, reason, enforced });
            recorded.set(kind, (recorded.get(kind) ?? 0) + 1);
          } else if (event.kind === 'flush') {
            await recorder.flush();
          } else if (event.kind === 'second') {
            await clock.advance(1000);
          } else {
            state.isFull = event.kind === 'fill';
          }
        }
        state.isFull = false;
        await recorder.close();
        const counted = new Map<string, number>();
        for (const receipt of stored)
          counted.set(kindOf(receipt), (counted.get(kindOf(receipt)) ?? 0) + receipt.count);
        assert.deepEqual(new Map([...counted].sort()), new Map([...recorded].sort()));
      },
    ),
  );
});

test('through the real store: a full disk, a prune, and everything arrives', async () => {
  using folder = temporaryFolder();
  await using store = await openJournalStore(`sqlite:${join(folder.path, 'j')}`, {
    maxBytes: 160_000,
  });
  await store.append(Array.from({ length: 300 }, () => exampleReceipt({ domain: 'old.example' })));
  const lines: string[] = [];
  const log = {
    info: (_: object, message: string) => void lines.push(message),
    error: (_: object, message: string) => void lines.push(message),
  };
  const recorder = createRecorder({
    store,
    log,
    clock: createFakeClock(5_000),
    limits: { retention: 1e9 },
  });
  for (let i = 0; i < 300; i++) recorder.record(question({ queueId: `q${i}` }), discard, true);
  assert.equal(await recorder.flush(), false);
  await store.prune(2_000);
  assert.equal(lines.length, 1);
  assert.equal(await recorder.flush(), true);
  assert.equal(lines.length, 2);
  assert.equal((await readAll(store)).length, 300);
});
