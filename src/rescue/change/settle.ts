/**
 * Finds out what became of the entries that a run had at hand when it died, and lets go of them.
 *
 * To be done before the next run looks at the queue, and before an undo: an entry that was seized may
 * still be held. Safe to interrupt and to run twice.
 */
import type { ArchiveStore, StateChange, StoredEntry } from '../../store/archive-store.ts';
import type { Receipt } from '../../verdict/verdict.ts';
import type { Missed, QueueHand } from '../mail-server.ts';
import { fingerprintOf, type QueueReader } from '../reader.ts';
import { purgeReceipts } from './purge-receipts.ts';

export interface SettleOptions {
  readonly archive: ArchiveStore;
  readonly hand: QueueHand;
  readonly reader: QueueReader;
  readonly record: (receipts: readonly Receipt[]) => Promise<void>;
  /** ms since 1970. */
  readonly now: () => number;
}

export interface Settled {
  /** Still in the queue, and free again. */
  readonly left: number;
  /** Archived, and in the queue no more: removed, or delivered once the dead run had let go. */
  readonly gone: number;
  readonly problems: readonly { readonly id: string; readonly problem: string }[];
}

const batchSize = 200;

export async function settleReceipt(options: SettleOptions): Promise<Settled> {
  const { archive } = options;
  const settled = { left: 0, gone: 0, problems: [] as { id: string; problem: string }[] };
  let batch: StoredEntry[] = [];
  const flush = async () => {
    const part = await settleBatch(options, batch);
    settled.left += part.left;
    settled.gone += part.gone;
    settled.problems.push(...part.problems);
    batch = [];
  };
  for (const entry of archive.entries(['seizing', 'archived', 'holding'])) {
    batch.push(entry);
    if (batch.length >= batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  return settled;
}

async function settleBatch(
  { archive, hand, reader, record, now }: SettleOptions,
  batch: readonly StoredEntry[],
): Promise<Settled> {
  const there = batch.filter((entry) => isInQueue(reader, entry));
  // A hold is what the run was about to do: taken as done, so that undo releases it.
  const toFree = there.filter(({ state, wasHeld }) => state !== 'holding' && !wasHeld);
  const freed = toFree.length > 0 ? await hand.release(toFree.map(({ id }) => id)) : new Map();
  const changes: StateChange[] = [];
  const gone: StoredEntry[] = [];
  const problems: { id: string; problem: string }[] = [];
  let left = 0;
  for (const entry of batch) {
    const { number, id, state, wasHeld } = entry;
    const release: Missed | 'released' | undefined = freed.get(id);
    const isThere = there.includes(entry) && release !== 'gone';
    const isArchived = state === 'archived';
    if (isThere && typeof release === 'object') {
      problems.push({ id, problem: release.problem });
    } else if (isThere) {
      if (state !== 'holding') left++;
      if (state === 'holding' && !wasHeld) changes.push({ number, state: 'held' });
      else changes.push({ number, state: isArchived ? 'left' : 'forgotten' });
    } else if (isArchived) {
      gone.push(entry);
      changes.push({ number, state: 'gone' });
    } else changes.push({ number, state: 'forgotten' });
  }
  const causes = new Map(archive.causes().map((cause) => [cause.number, cause]));
  const purged = gone.flatMap((stored) => {
    const cause = causes.get(stored.cause);
    return cause ? [{ planned: { cause }, stored }] : [];
  });
  if (purged.length > 0) await record(purgeReceipts(purged, archive.name, now()));
  archive.settle(changes);
  return { left, gone: gone.length, problems };
}

/** Whether the queue has this very entry, and not another one of its name. */
export function isInQueue(reader: QueueReader, { id, fingerprint }: StoredEntry): boolean {
  const place = reader.find(id);
  const read = place && reader.read(place);
  return read?.kind === 'entry' && fingerprintOf(read.entry) === fingerprint;
}
