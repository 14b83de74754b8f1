/**
 * Lets go of what earlier runs had at hand when they died, before a new run looks at the queue.
 */
import { ArchiveOpenError } from '../store/archive-errors.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { listReceipts, openReceipt } from '../store/receipts.ts';
import type { QueueSource } from './reader.ts';
import { type Settled, type SettleOptions, settleReceipt } from './settle.ts';

export interface SettleAllOptions extends Omit<SettleOptions, 'archive'> {
  /** Where the receipts are. */
  readonly dataFolder: string;
  readonly source: QueueSource;
}

/** Of the receipts of this queue that had something to settle, by name. Rejects as settleReceipt does. */
export async function settleAll({
  dataFolder,
  source,
  ...options
}: SettleAllOptions): Promise<ReadonlyMap<string, Settled>> {
  const settled = new Map<string, Settled>();
  for (const { name } of listReceipts(dataFolder)) {
    using archive = openIfFree(dataFolder, name);
    if (!archive || !isOf(archive, source)) continue;
    const { seizing, archived, holding } = archive.counts();
    if (seizing + archived + holding === 0) continue;
    settled.set(name, await settleReceipt({ archive, ...options }));
  }
  return settled;
}

/** Null: another run is at work with it, or it died before it began. */
function openIfFree(dataFolder: string, name: string): ArchiveStore | null {
  try {
    return openReceipt(dataFolder, name);
  } catch (error) {
    if (error instanceof ArchiveOpenError && (error.isInUse || error.isEmpty)) return null;
    throw error;
  }
}

function isOf({ run }: ArchiveStore, { mta, folders }: QueueSource): boolean {
  return run.mta === mta && run.folders.some((folder) => folders.includes(folder));
}
