/**
 * What the journal's thread is asked and what it answers, and the one place that starts it.
 *
 * All of it is plain data. Receipts to be written travel as JSON, which costs the asking thread half
 * of what a structured clone does.
 */
import { Worker } from 'node:worker_threads';
import type {
  IncidentQuery,
  ReceiptQuery,
  StoredIncident,
  StoredReceipt,
} from './journal-store.ts';
import type { Cursor } from './sqlite-journal.ts';
import type { Failure, Trouble } from './store-thread.ts';

export interface ThreadData {
  readonly path: string;
  readonly maxBytes: number | undefined;
}

export type Request =
  | { readonly kind: 'open' }
  /** One JSON array of receipts for each append; all of them share a transaction. */
  | { readonly kind: 'append'; readonly groups: readonly string[] }
  | {
      readonly kind: 'page';
      readonly query: ReceiptQuery;
      readonly after: Cursor | null;
      readonly limit: number;
    }
  /** A JSON array of incidents. */
  | { readonly kind: 'save'; readonly incidents: string }
  | { readonly kind: 'incidents'; readonly query: IncidentQuery }
  | { readonly kind: 'lift'; readonly id: string }
  | { readonly kind: 'prune'; readonly before: number; readonly limit: number }
  | { readonly kind: 'close' };

export type Answer =
  | { readonly kind: 'done' }
  /** One for each group, null where it is on disk. */
  | { readonly kind: 'appended'; readonly troubles: readonly (Trouble | null)[] }
  | { readonly kind: 'page'; readonly receipts: readonly StoredReceipt[] }
  | { readonly kind: 'incidents'; readonly incidents: readonly StoredIncident[] }
  | { readonly kind: 'lifted'; readonly isDone: boolean }
  | { readonly kind: 'pruned'; readonly count: number }
  | Failure;

/** Answers come in the order of the requests. */
export function startJournalThread(data: ThreadData): Worker {
  return new Worker(new URL('./journal-worker.ts', import.meta.url), {
    workerData: data,
    // Not those of the process: some, such as --input-type, stop a thread from starting.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}
