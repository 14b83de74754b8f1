import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  exampleCause,
  planFor,
  putToy,
  type ToyOptions,
  toyContents,
  toyHand,
  toyReader,
} from '../../../test/rescue/toy-queue.ts';
import { exampleRun } from '../../../test/rescue/toy-rescue.ts';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import type { ArchiveStore } from '../../store/archive-store.ts';
import { createReceipt } from '../../store/receipts.ts';
import type { FileOptions } from '../../store/sqlite-file.ts';
import type { Receipt } from '../../verdict/verdict.ts';
import type { QueueHand } from '../mail-server.ts';
import { ApplyError, type ApplyOptions, applyPlan } from './apply.ts';
import type { Outcome } from './plan.ts';
import { undoReceipt } from './undo.ts';

const ids = ['a', 'b', 'c', 'd', 'e'];

interface Stage extends Disposable {
  readonly queue: string;
  readonly archive: ArchiveStore;
  readonly receipts: Receipt[];
  /** Of the entries named, in batches of two. */
  apply(options?: Partial<ApplyOptions>, hand?: QueueHand): Promise<Outcome>;
  undo(): ReturnType<typeof undoReceipt>;
  states(): string[];
}

function stage(toy: ToyOptions = {}, file: FileOptions = {}): Stage {
  const folder = temporaryFolder();
  const queue = join(folder.path, 'queue');
  const data = join(folder.path, 'data');
  mkdirSync(queue);
  for (const id of ids) putToy(queue, id);
  const archive = createReceipt(data, { ...exampleRun, folders: [queue] }, file);
  const receipts: Receipt[] = [];
  const record = async (more: readonly Receipt[]) => {
    receipts.push(...more);
  };
  const reader = toyReader(queue);
  const now = () => 5_000;
  return {
    queue,
    archive,
    receipts,
    apply: (options, hand = toyHand(queue, toy)) =>
      applyPlan({
        ...{ server: { hand, whyNoHand: null }, reader, archive, plan: planFor(reader, ids) },
        ...{ batchSize: 2, record, now },
        ...options,
      }),
    undo: () => undoReceipt({ archive, hand: toyHand(queue), reader, record, now }),
    states: () => Array.from(archive.entries(), ({ id, state }) => `${id} ${state}`),
    [Symbol.dispose]() {
      archive[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('what is removed is archived, told to the journal by cause, and can be put back', async () => {
  using at = stage();
  const before = toyContents(at.queue);
  const other = { ...exampleCause, number: 2, name: 'lost-mail:null-mx', domain: null };
  const reader = toyReader(at.queue);
  const plan = [...planFor(reader, ['a', 'b']), ...planFor(reader, ['c'], 'purge', other)];
  const seen: number[] = [];
  const outcome = await at.apply({
    ...{ plan, batchSize: 10 },
    onProgress: ({ removed }) => seen.push(removed),
  });
  assert.equal(outcome.removed, 3);
  assert.deepEqual(seen, [3]);
  assert.deepEqual(
    at.receipts.map(({ count, domain, queueId, adapter, action }) => [
      ...[count, domain, queueId, adapter, action],
    ]),
    [
      [2, 'seaton.biz', 'a', 'rescue', 'discard'],
      [1, null, 'c', 'rescue', 'discard'],
    ],
  );
  assert.match(at.receipts[0]?.steps.at(-1) ?? '', /spillway undo 2026-11-22\.1/);
  assert.equal(toyContents(at.queue).length, 2);
  const undone = await at.undo();
  assert.deepEqual([undone.restored, undone.unclear, undone.problemCount], [3, 0, 0]);
  assert.deepEqual(toyContents(at.queue), before);
});

test('an entry that is delivered, removed, changed or replaced meanwhile is left alone', async () => {
  using at = stage({ busy: new Set(['b']) });
  const plan = planFor(toyReader(at.queue), ids);
  for (const name of ['a.ctl', 'a.body']) rmSync(join(at.queue, name));
  putToy(at.queue, 'c', { recipients: ['ann@good-1.example'] });
  const outcome = await at.apply({ plan });
  const { removed, gone, busy, changed, problemCount } = outcome;
  assert.deepEqual([removed, gone, busy, changed, problemCount], [2, 1, 1, 1, 0]);
  assert.deepEqual(at.states(), ['d removed', 'e removed']);
});

const whileArchived: readonly [
  name: string,
  change: (queue: string) => void,
  want: keyof Outcome,
][] = [
  ['its body goes', (queue) => rmSync(join(queue, 'a.body')), 'changed'],
  [
    'another entry takes its name',
    (queue) => putToy(queue, 'a', { state: 'held', sender: 'x@y' }),
    'changed',
  ],
  ['it goes', (queue) => rmSync(join(queue, 'a.held')), 'gone'],
  ['its body becomes a link', (queue) => replaceByLink(join(queue, 'a.body')), 'problemCount'],
];
for (const [name, change, want] of whileArchived)
  test(`between seizing and archiving: ${name}`, async () => {
    using at = stage();
    const hand = toyHand(at.queue);
    const outcome = await at.apply(
      { plan: planFor(toyReader(at.queue), ['a', 'b']) },
      {
        ...hand,
        async seize(places) {
          const seizure = await hand.seize(places);
          change(at.queue);
          return seizure;
        },
      },
    );
    assert.deepEqual([outcome.removed, outcome[want]], [1, 1]);
    assert.deepEqual(at.states(), ['b removed']);
    assert.ok(!readdirSync(at.queue).includes('a.held') || want === 'changed');
  });

test('a hold is written down, and undo releases only what was not held before', async () => {
  using at = stage();
  putToy(at.queue, 'b', { state: 'held' });
  rmSync(join(at.queue, 'b.ctl'));
  const before = toyContents(at.queue);
  const plan = planFor(toyReader(at.queue), ids, 'hold');
  assert.equal((await at.apply({ plan })).held, 5);
  assert.ok(toyContents(at.queue).every((line) => line.endsWith('held')));
  assert.deepEqual(at.receipts, [], 'nothing was taken away');
  assert.equal((await at.undo()).released, 4);
  assert.deepEqual(toyContents(at.queue), before);
});

test('a full disk stops the run: nothing is removed that is not archived', async () => {
  using at = stage({}, { maxBytes: 120_000 });
  for (const id of ids)
    writeFileSync(join(at.queue, `${id}.body`), randomBytes(15_000).toString('hex'));
  const before = toyContents(at.queue);
  const error = await at.apply({ batchSize: 1 }).then(
    () => assert.fail(),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ApplyError);
  assert.match(error.message, /disk is full/);
  const { removed } = error.outcome;
  assert.ok(removed > 0 && removed < 5);
  assert.equal(toyContents(at.queue).length, 5 - removed);
  assert.ok(
    toyContents(at.queue).every((line) => line.endsWith('waiting')),
    'let go',
  );
  assert.equal((await at.undo()).restored, removed);
  assert.deepEqual(toyContents(at.queue), before);
});

test('a journal that cannot be written stops the run after the batch at hand', async () => {
  using at = stage();
  const record = () => Promise.reject(new Error('the journal is full'));
  await assert.rejects(at.apply({ record }), {
    code: 'RESCUE_STOPPED',
    message: /journal is full/,
  });
  assert.equal(toyContents(at.queue).length, 3);
  assert.equal((await at.undo()).restored, 2);
  assert.equal(toyContents(at.queue).length, 5);
});

test('the first interruption ends the run after its batch, the second lets go of it', async () => {
  for (const kind of ['signal', 'atOnce'] as const) {
    const stop = new AbortController();
    let steps = 0;
    using at = stage({
      trip: () => {
        if (++steps === 2) stop.abort();
      },
    });
    const { removed } = await at.apply({ [kind]: stop.signal });
    assert.equal(removed, kind === 'signal' ? 2 : 0);
    assert.equal(toyContents(at.queue).length, 5 - removed);
    assert.ok(toyContents(at.queue).every((line) => line.endsWith('waiting')));
  }
});

test('a queue that nobody may change is not changed', async () => {
  using at = stage();
  await assert.rejects(at.apply({ server: { hand: null, whyNoHand: 'say --stopped' } }), {
    message: 'say --stopped',
  });
});

test('a body of 200 MB goes through in little memory', async () => {
  using at = stage();
  truncateSync(join(at.queue, 'a.body'), 200 * 1024 * 1024);
  const before = process.memoryUsage.rss();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() - before);
  }, 5);
  const hand = toyHand(at.queue);
  await at.apply({ plan: planFor(toyReader(at.queue), ['a']) }, hand);
  let octets = 0;
  const restore: QueueHand['restore'] = async (entries) => {
    for (const { files } of entries)
      for (const { content } of files) for await (const chunk of content()) octets += chunk.length;
    return new Map(entries.map(({ id }) => [id, { kind: 'restored', id }]));
  };
  const reader = toyReader(at.queue);
  const { archive } = at;
  await undoReceipt({
    ...{ archive, reader, hand: { ...hand, restore }, record: async () => {}, now: () => 0 },
  });
  most = Math.max(most, process.memoryUsage.rss() - before);
  clearInterval(watch);
  assert.ok(octets > 200 * 1024 * 1024);
  // Less than the body itself, most of it garbage that is not collected yet.
  assert.ok(most < 140 * 1024 * 1024, `${Math.round(most / 1024 / 1024)} MB`);
});

function replaceByLink(path: string): void {
  rmSync(path);
  symlinkSync('/etc/passwd', path);
}
