/**
 * Carries out a plan, batch by batch.
 *
 * RFC 5321 §6.1: nothing may be lost for frivolous reasons. What is removed is whole in the archive
 * before, and whatever moment the run dies at, the archive names every entry that it had touched:
 * settle.ts and undo.ts take it from there.
 */
import { errorText } from '../../mail/error-text.ts';
import type { ArchiveStore } from '../../store/archive-store.ts';
import type { Receipt } from '../../verdict/verdict.ts';
import type { MailServer } from '../mail-server.ts';
import type { QueueReader } from '../reader.ts';
import { holdBatch } from './hold-batch.ts';
import { countOutcome } from './outcome.ts';
import type { Outcome, PlannedEntry } from './plan.ts';
import { purgeBatch } from './purge-batch.ts';
import type { Work } from './targets.ts';

export interface ApplyOptions {
  readonly server: Pick<MailServer, 'hand' | 'whyNoHand'>;
  readonly reader: QueueReader;
  readonly archive: ArchiveStore;
  /** Each entry once. */
  readonly plan: Iterable<PlannedEntry>;
  readonly batchSize?: number;
  /** After each batch: what was done so far. */
  readonly onProgress?: (outcome: Outcome) => void;
  /** For the journal; resolves once they are on disk. */
  readonly record: (receipts: readonly Receipt[]) => Promise<void>;
  /** ms since 1970. */
  readonly now: () => number;
  /** Finishes the batch at hand, then stops. */
  readonly signal?: AbortSignal | undefined;
  /** Lets go of the batch at hand as far as it is not removed yet, and stops. */
  readonly atOnce?: AbortSignal | undefined;
}

/** It had to stop; `outcome` says what was done until then. All that was removed is archived. */
export class ApplyError extends Error {
  readonly code = 'RESCUE_STOPPED';
  readonly outcome: Outcome;
  constructor(outcome: Outcome, cause: unknown) {
    super(errorText(cause), { cause });
    this.name = 'ApplyError';
    this.outcome = outcome;
  }
}

const defaultBatch = 200;

/** Rejects with ApplyError where the archive, the journal or the server's means fail. */
export async function applyPlan(options: ApplyOptions): Promise<Outcome> {
  const { server, reader, archive, plan, record, now, signal, atOnce } = options;
  const counter = countOutcome();
  try {
    const { hand } = server;
    if (!hand) throw new Error(server.whyNoHand ?? 'nobody may change this queue');
    const work: Work = { hand, reader, archive, counter, record, now, atOnce };
    for (const batch of batchesOf(plan, options.batchSize ?? defaultBatch)) {
      if (signal?.aborted || atOnce?.aborted) break;
      await purgeBatch(
        work,
        batch.filter(({ action }) => action === 'purge'),
      );
      await holdBatch(
        work,
        batch.filter(({ action }) => action === 'hold'),
      );
      options.onProgress?.(counter.outcome);
    }
    return counter.outcome;
  } catch (error) {
    throw new ApplyError(counter.outcome, error);
  }
}

function* batchesOf(plan: Iterable<PlannedEntry>, size: number): Generator<PlannedEntry[]> {
  // By id: whoever seizes one name twice seizes it from himself.
  let batch = new Map<string, PlannedEntry>();
  for (const planned of plan) {
    batch.set(planned.id, planned);
    if (batch.size < size) continue;
    yield [...batch.values()];
    batch = new Map();
  }
  if (batch.size > 0) yield [...batch.values()];
}
