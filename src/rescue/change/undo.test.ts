import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import {
  planFor,
  putToy,
  type Toy,
  type ToyOptions,
  toyContents,
  toyHand,
  toyReader,
} from '../../../test/rescue/toy-queue.ts';
import { exampleRun } from '../../../test/rescue/toy-rescue.ts';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { createReceipt, openReceipt } from '../../store/receipts.ts';
import { applyPlan } from './apply.ts';
import type { PlannedEntry } from './plan.ts';
import { type UndoOptions, type UndoOutcome, undoReceipt } from './undo.ts';

const now = () => 5_000;
const record = async () => {};

interface Stage extends Disposable {
  readonly queue: string;
  readonly before: readonly string[];
  undo(options?: Partial<UndoOptions>, toy?: ToyOptions): Promise<UndoOutcome>;
  /** Changes the receipt behind the program's back. */
  tamper(sql: string): void;
}

/** A queue of these entries, out of which all were taken, or held. */
async function stage(
  toys: Readonly<Record<string, Toy>>,
  action: PlannedEntry['action'] = 'purge',
): Promise<Stage> {
  const folder = temporaryFolder();
  const queue = join(folder.path, 'queue');
  mkdirSync(queue);
  for (const [id, toy] of Object.entries(toys)) putToy(queue, id, toy);
  const before = toyContents(queue);
  const reader = toyReader(queue);
  const hand = toyHand(queue);
  const plan = planFor(reader, Object.keys(toys), action);
  const server = { hand, whyNoHand: null };
  {
    using archive = createReceipt(folder.path, { ...exampleRun, folders: [queue] });
    await applyPlan({ server, reader, archive, plan, record, now });
  }
  return {
    queue,
    before,
    async undo(options, toy) {
      using archive = openReceipt(folder.path, '2026-11-22.1');
      return await undoReceipt({
        ...{ archive, reader, hand: toyHand(queue, toy), record, now },
        ...options,
      });
    },
    tamper(sql) {
      const database = new DatabaseSync(join(folder.path, 'receipts/2026-11-22.1.receipt'));
      database.exec(sql);
      database.close();
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('only what is selected is put back, the rest by the next undo', async () => {
  using at = await stage({ a: {}, b: {}, c: { recipients: ['ann@good-1.example'] } });
  const selection: UndoOptions['selection'] = ({ recipients }) =>
    recipients.includes('ann@good-1.example');
  assert.equal((await at.undo({ selection })).restored, 1);
  assert.equal(toyContents(at.queue).length, 1);
  assert.equal((await at.undo()).restored, 2);
  assert.deepEqual(toyContents(at.queue), at.before);
  const { restored, present, problemCount } = await at.undo();
  assert.deepEqual([restored, present, problemCount], [0, 0, 0], 'nothing is left to do');
});

test('new names are told', async () => {
  using at = await stage({ a: {}, b: { state: 'held' } });
  const { renamed, renamedCount, restored } = await at.undo({}, { renames: true });
  assert.deepEqual([restored, renamedCount], [2, 2]);
  assert.deepEqual(renamed, [
    { id: 'a', restoredAs: 'a-1' },
    { id: 'b', restoredAs: 'b-1' },
  ]);
  assert.deepEqual(toyContents(at.queue), at.before, 'and what was held is held');
});

test('a name that another message has now is no reason to touch that one', async () => {
  using at = await stage({ a: {}, b: {} });
  putToy(at.queue, 'a', { body: 'another', arrivedAt: 7 });
  const { restored, problems } = await at.undo();
  assert.equal(restored, 1);
  assert.deepEqual(problems, [{ id: 'a', problem: 'another message has this name now' }]);
  assert.ok(toyContents(at.queue).some((line) => line.startsWith('another')));
  for (const name of ['a.ctl', 'a.body']) rmSync(join(at.queue, name));
  assert.equal((await at.undo()).restored, 1, 'once it is gone there is room');
  assert.deepEqual(toyContents(at.queue), at.before);
});

test('what came back by itself is left as it is', async () => {
  using at = await stage({ a: {}, b: {} });
  putToy(at.queue, 'a');
  const { restored, present } = await at.undo();
  assert.deepEqual([restored, present], [1, 1]);
  assert.deepEqual(toyContents(at.queue), at.before);
});

const tamperings: readonly [name: string, sql: string, problem: RegExp][] = [
  [
    'a file outside of the queue',
    "UPDATE file SET path = '/etc/cron.d/x' WHERE entry = 1 AND place = 0",
    /expected a file of the queue, found \/etc\/cron\.d\/x/,
  ],
  ['a mode of a program', 'UPDATE file SET mode = 2541 WHERE entry = 1', /found 4755 for/],
  [
    'a way out of the queue',
    "UPDATE file SET path = replace(path, '/a.', '/../a.') WHERE entry = 1",
    /expected a file of the queue/,
  ],
  [
    'more octets than there are',
    'UPDATE file SET size = 9e9 WHERE entry = 1 AND place = 1',
    /piece/,
  ],
  ['no files', 'DELETE FROM file WHERE entry = 1', /holds no files/],
  ['a piece that is missing', 'UPDATE file SET piece = 9 WHERE entry = 1', /piece 9 is missing/],
];
for (const [name, sql, problem] of tamperings)
  test(`a damaged receipt puts back what it can: ${name}`, async () => {
    using at = await stage({ a: {}, b: {} });
    at.tamper(sql);
    const { restored, problems, problemCount } = await at.undo();
    assert.deepEqual([restored, problemCount, problems[0]?.id], [1, 1, 'a']);
    assert.match(problems[0]?.problem ?? '', problem);
    assert.equal(toyContents(at.queue).length, 1);
  });

test('what was held is released; what left the queue meanwhile is told', async () => {
  using at = await stage({ a: {}, b: {}, c: { state: 'held' } }, 'hold');
  for (const name of ['b.held', 'b.body']) rmSync(join(at.queue, name));
  const { released, gone, restored } = await at.undo();
  assert.deepEqual([released, gone, restored], [1, 1, 0]);
  assert.deepEqual(
    toyContents(at.queue).map((line) => line.split(' ').at(-1)),
    ['waiting', 'held'],
  );
});

test('an interruption ends it after the batch at hand, and it can go on', async () => {
  using at = await stage({ a: {}, b: {}, c: {}, d: {} });
  const stop = new AbortController();
  const seen: number[] = [];
  const first = await at.undo({
    ...{ batchSize: 2, signal: stop.signal },
    onProgress: ({ restored }) => {
      seen.push(restored);
      stop.abort();
    },
  });
  assert.deepEqual([first.restored, seen], [2, [2]]);
  assert.equal((await at.undo()).restored, 2);
  assert.deepEqual(toyContents(at.queue), at.before);
});

test('means of the server that fail stop it; it says what was done and can be run again', async () => {
  using at = await stage({ a: {}, b: {} });
  let calls = 0;
  const trip = () => {
    if (++calls > 3) throw new Error('the server does not answer');
  };
  await assert.rejects(at.undo({ batchSize: 1 }, { trip }), {
    code: 'UNDO_STOPPED',
    message: /does not answer/,
  });
  const { restored, present } = await at.undo();
  assert.equal(restored + present, 1);
  assert.deepEqual(toyContents(at.queue), at.before);
});

test('where the rescue died while it removed, it is said that a message may come twice', async () => {
  using at = await stage({ a: {}, b: {} });
  at.tamper("UPDATE entry SET state = 'archived' WHERE number = 1");
  const told: number[] = [];
  const { restored, unclear } = await at.undo({
    record: async (receipts) => {
      for (const { count } of receipts) told.push(count);
    },
  });
  assert.deepEqual([restored, unclear], [2, 1]);
  assert.deepEqual(told, [1], 'and the journal hears of the removal');
});
