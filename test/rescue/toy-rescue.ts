/**
 * A whole rescue of a toy queue, which may die at any step of it, and the undo of all its receipts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyPlan } from '../../src/rescue/change/apply.ts';
import { settleReceipt } from '../../src/rescue/change/settle.ts';
import { undoReceipt } from '../../src/rescue/change/undo.ts';
import type { ArchivedRun, ArchiveStore } from '../../src/store/archive-store.ts';
import { createReceipt, listReceipts, openReceipt } from '../../src/store/receipts.ts';
import type { Receipt } from '../../src/verdict/verdict.ts';
import { planFor, putToy, type ToyOptions, toyHand, toyReader } from './toy-queue.ts';

export interface Scene {
  readonly queue: string;
  readonly data: string;
}

export const unwanted = ['bad-a', 'bad-b', 'bad-c', 'bad-d', 'bad-e'];
export const wanted = ['good-a', 'good-b'];
export const stray = ['stray-a', 'stray-b'];

/** Three came in the same moment, from and to the same; some were held by the admin before. */
export function makeScene(folder: string): Scene {
  const scene = { queue: join(folder, 'queue'), data: join(folder, 'data') };
  mkdirSync(scene.queue, { recursive: true });
  for (const [at, id] of unwanted.entries())
    putToy(scene.queue, id, { arrivedAt: at < 3 ? 7 : at, ...(at === 3 && { state: 'held' }) });
  for (const id of wanted) putToy(scene.queue, id, { sender: 'ann@good-1.example' });
  for (const [at, id] of stray.entries())
    putToy(scene.queue, id, { sender: 'bob@good-1.example', ...(at === 1 && { state: 'held' }) });
  return scene;
}

export const exampleRun: ArchivedRun = {
  mta: 'postfix',
  title: 'Toy 1.0',
  queue: '/var/spool/toy',
  folders: ['/var/spool/toy'],
  root: '/',
  startedAt: new Date(2026, 10, 22, 21, 42).getTime(),
  chosen: '--apply',
};

/** As the command does it: first what a dead run left, then a new look, a new receipt, and the plan. */
export async function rescue(
  { queue, data }: Scene,
  options: ToyOptions = {},
  record: (receipts: readonly Receipt[]) => Promise<void> = async () => {},
): Promise<void> {
  const reader = toyReader(queue);
  const hand = toyHand(queue, options);
  const trip = options.trip ?? (() => {});
  const now = () => 5_000;
  for (const { name } of listReceipts(data)) {
    using receipt = openReceipt(data, name);
    await settleReceipt({ archive: tripping(receipt, trip), hand, reader, record, now });
  }
  const plan = [...planFor(reader, unwanted), ...planFor(reader, stray, 'hold')];
  using receipt = createReceipt(data, { ...exampleRun, folders: [queue] });
  await applyPlan({
    server: { hand, whyNoHand: null },
    reader,
    archive: tripping(receipt, trip),
    plan,
    batchSize: 3,
    record,
    now,
  });
}

/** Of all receipts, the newest first. */
export async function undoAll({ queue, data }: Scene, options: ToyOptions = {}): Promise<void> {
  const reader = toyReader(queue);
  const hand = toyHand(queue, options);
  const trip = options.trip ?? (() => {});
  for (const { name } of listReceipts(data).toReversed()) {
    using receipt = openReceipt(data, name);
    const archive = tripping(receipt, trip);
    const record = async () => {};
    const outcome = await undoReceipt({
      ...{ archive, hand, reader, record, batchSize: 2, now: () => 9_000 },
    });
    if (outcome.problemCount > 0) throw new Error(outcome.problems[0]?.problem);
  }
}

/** Trips before and after whatever changes the archive. */
export function tripping(archive: ArchiveStore, trip: () => void): ArchiveStore {
  const around =
    <Args extends unknown[], Result>(change: (...args: Args) => Result) =>
    (...args: Args): Result => {
      trip();
      const result = change(...args);
      trip();
      return result;
    };
  return {
    ...archive,
    announce: around(archive.announce),
    settle: around(archive.settle),
    begin() {
      const batch = archive.begin();
      return { ...batch, add: around(batch.add), commit: around(batch.commit) };
    },
  };
}
