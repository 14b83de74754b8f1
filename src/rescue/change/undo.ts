/**
 * Puts back what a run removed, and releases what it held, batch by batch.
 *
 * Each batch is written down before and after, so that it is safe to interrupt and to run twice. Where it
 * cannot be told whether an entry was delivered, it is put back: a duplicate is better than a loss.
 */
import { errorText } from '../../mail/error-text.ts';
import type { ArchiveStore, StateChange, StoredEntry } from '../../store/archive-store.ts';
import type { ArchivedEntry, Missed, QueueHand, Restored } from '../mail-server.ts';
import type { QueueReader } from '../reader.ts';
import { findRestored } from './find-restored.ts';
import { faultOfFiles } from './restorable.ts';
import { isInQueue, type SettleOptions, settleReceipt } from './settle.ts';
import { notTold } from './targets.ts';

export interface UndoOptions extends SettleOptions {
  /** All of them where it is left out. */
  readonly selection?: ((entry: StoredEntry) => boolean) | undefined;
  readonly batchSize?: number;
  /** After each batch. */
  readonly onProgress?: (outcome: UndoOutcome) => void;
  /** Finishes the batch at hand, then stops. */
  readonly signal?: AbortSignal | undefined;
}

export interface UndoOutcome {
  /** Put back into the queue. */
  readonly restored: number;
  /** Of these: perhaps delivered before as well, because the run died while it removed them. */
  readonly unclear: number;
  /** Held no more. */
  readonly released: number;
  /** Needed nothing: in the queue already. */
  readonly present: number;
  /** Were held, and are in the queue no more. */
  readonly gone: number;
  /** The first 100 that have another name now; the archive knows all of them. */
  readonly renamed: readonly { readonly id: string; readonly restoredAs: string }[];
  readonly renamedCount: number;
  /** The first 100. */
  readonly problems: readonly { readonly id: string; readonly problem: string }[];
  readonly problemCount: number;
}

/** It had to stop; it may be run again. */
export class UndoError extends Error {
  readonly code = 'UNDO_STOPPED';
  readonly outcome: UndoOutcome;
  constructor(outcome: UndoOutcome, cause: unknown) {
    super(errorText(cause), { cause });
    this.name = 'UndoError';
    this.outcome = outcome;
  }
}

interface Work {
  readonly archive: ArchiveStore;
  readonly hand: QueueHand;
  readonly reader: QueueReader;
  readonly counter: UndoCounter;
}

const defaultBatch = 100;
const shown = 100;

/** Rejects with UndoError. */
export async function undoReceipt(options: UndoOptions): Promise<UndoOutcome> {
  const { archive, hand, reader, selection, batchSize = defaultBatch, signal } = options;
  const counter = new UndoCounter();
  const work: Work = { archive, hand, reader, counter };
  try {
    const settled = await settleReceipt(options);
    for (const { id, problem } of settled.problems) counter.problem(id, problem);
    counter.present += settled.left;
    counter.present += writeFound(archive, await findRestored(archive, reader));
    const isChosen = selection ?? (() => true);
    for (const [states, change] of [
      [['removed', 'gone', 'restoring'], restoreBatch],
      [['held'], releaseBatch],
    ] as const)
      for (const batch of batchesOf(archive.entries(states), isChosen, batchSize)) {
        if (signal?.aborted) return counter.outcome;
        await change(work, batch);
        options.onProgress?.(counter.outcome);
      }
    return counter.outcome;
  } catch (error) {
    throw new UndoError(counter.outcome, error);
  }
}

function* batchesOf(
  entries: Iterable<StoredEntry>,
  isChosen: (entry: StoredEntry) => boolean,
  size: number,
): Generator<StoredEntry[]> {
  let batch = new Map<string, StoredEntry>();
  for (const entry of entries) {
    if (!isChosen(entry)) continue;
    // The answers come by name, which a server may have used twice.
    if (batch.has(entry.id) || batch.size >= size) {
      yield [...batch.values()];
      batch = new Map();
    }
    batch.set(entry.id, entry);
  }
  if (batch.size > 0) yield [...batch.values()];
}

/** What an undo that died had put back already. The number of them. */
function writeFound(archive: ArchiveStore, found: ReadonlyMap<StoredEntry, string>): number {
  archive.settle(
    [...found].map(([{ number }, restoredAs]) => ({ number, state: 'restored', restoredAs })),
  );
  return found.size;
}

async function restoreBatch(
  { archive, hand, reader, counter }: Work,
  batch: readonly StoredEntry[],
): Promise<void> {
  const entries: (ArchivedEntry & { readonly stored: StoredEntry })[] = [];
  const changes: StateChange[] = [];
  const fail = ({ id, number, state }: StoredEntry, problem: string) => {
    counter.problem(id, problem);
    changes.push({ number, state: state === 'restoring' ? 'gone' : state, problem });
  };
  for (const stored of batch) {
    const files = archive.filesOf(stored.number);
    const fault = await faultOfFiles(files, archive.run.folders);
    if (fault !== null) fail(stored, fault);
    else entries.push({ id: stored.id, wasHeld: stored.wasHeld, files, stored });
  }
  archive.settle(entries.map(({ stored }) => ({ number: stored.number, state: 'restoring' })));
  const results = entries.length > 0 ? await hand.restore(entries) : new Map<string, Restored>();
  for (const { stored } of entries) {
    const { id, number } = stored;
    const result: Restored = results.get(id) ?? { kind: 'fault', ...notTold };
    if (result.kind === 'fault') fail(stored, result.problem);
    else if (result.kind === 'present' && result.id === undefined && isTaken(reader, stored))
      fail(stored, 'another message has this name now');
    else {
      const restoredAs = result.id ?? id;
      changes.push({ number, state: 'restored', restoredAs });
      counter.count(result.kind, stored, restoredAs);
    }
  }
  archive.settle(changes);
}

/** By another entry than this one. */
function isTaken(reader: QueueReader, stored: StoredEntry): boolean {
  return reader.find(stored.id) !== null && !isInQueue(reader, stored);
}

async function releaseBatch(
  { archive, hand, counter }: Work,
  batch: readonly StoredEntry[],
): Promise<void> {
  const results = await hand.release(batch.map(({ id }) => id));
  const changes: StateChange[] = [];
  for (const { id, number } of batch) {
    const result: Missed | 'released' = results.get(id) ?? notTold;
    if (typeof result === 'object') {
      counter.problem(id, result.problem);
      changes.push({ number, state: 'held', problem: result.problem });
      continue;
    }
    if (result === 'gone') counter.gone++;
    // It is being delivered: nobody holds it.
    else counter.released++;
    changes.push({ number, state: 'released' });
  }
  archive.settle(changes);
}

class UndoCounter {
  released = 0;
  present = 0;
  gone = 0;
  private restored = 0;
  private unclear = 0;
  private renamedCount = 0;
  private problemCount = 0;
  private readonly renamed: { readonly id: string; readonly restoredAs: string }[] = [];
  private readonly problems: { readonly id: string; readonly problem: string }[] = [];

  count(kind: 'restored' | 'present', { id, state }: StoredEntry, restoredAs: string): void {
    if (kind === 'present') this.present++;
    else this.restored++;
    if (kind === 'restored' && state !== 'removed') this.unclear++;
    if (restoredAs === id) return;
    this.renamedCount++;
    if (this.renamed.length < shown) this.renamed.push({ id, restoredAs });
  }

  problem(id: string, problem: string): void {
    this.problemCount++;
    if (this.problems.length < shown) this.problems.push({ id, problem });
  }

  get outcome(): UndoOutcome {
    const { restored, unclear, released, present, gone, renamedCount, problemCount } = this;
    const renamed = [...this.renamed];
    const problems = [...this.problems];
    return {
      ...{ restored, unclear, released, present, gone },
      ...{ renamed, renamedCount, problems, problemCount },
    };
  }
}
