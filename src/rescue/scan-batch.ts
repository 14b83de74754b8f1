/**
 * What a reading thread sends: a batch of what it read, as JSON, which crosses threads faster than objects do.
 */
import type { QueueEntry } from '../foreign/queue-entry.ts';
import type { EntryPlace, QueueSource, Unreadable } from './reader.ts';

export interface ScanBatch {
  readonly entries: readonly { readonly place: EntryPlace; readonly entry: QueueEntry }[];
  readonly unreadable: readonly Unreadable[];
}

export type ScanMessage =
  | { readonly kind: 'batch'; readonly json: string }
  /** The thread has read its share. */
  | { readonly kind: 'end' }
  /** A queue folder cannot be read. */
  | { readonly kind: 'failed'; readonly problem: string };

export interface ScanShare {
  readonly source: QueueSource;
  /** This thread reads the entries whose id falls to `share` of `shares`. */
  readonly share: number;
  readonly shares: number;
  /** Batches that may still be sent, as an Int32Array of one; the thread sleeps while it is zero. */
  readonly credit: SharedArrayBuffer;
}
