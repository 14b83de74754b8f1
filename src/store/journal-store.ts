/**
 * Where receipts are kept: one interface, one test suite, whatever the engine.
 */
import type { Reason } from '../verdict/reasons.ts';
import type { Action, Check, Receipt } from '../verdict/verdict.ts';

export interface StoredReceipt extends Receipt {
  /** Grows with every receipt; unique in one store. */
  readonly id: number;
}

export interface ReceiptQuery {
  /** ms since 1970; receipts whose `until` is not before it. */
  readonly since?: number;
  /** ms since 1970; receipts whose `from` is before it. */
  readonly before?: number;
  readonly check?: Check;
  readonly action?: Action;
  readonly reason?: Reason;
  readonly domain?: string;
  readonly queueId?: string;
  readonly enforced?: boolean;
}

export interface JournalStore extends AsyncDisposable {
  /** All or none; on disk once resolved. Throws JournalWriteError (full disk, no permission, ...). */
  append(receipts: readonly Receipt[]): Promise<void>;
  /** Oldest first, in pages, so that a journal of any size fits into memory. */
  read(query: ReceiptQuery): AsyncIterable<StoredReceipt>;
  /** Removes receipts whose `until` is before the time (ms since 1970); resolves to their number. */
  prune(before: number): Promise<number>;
}
