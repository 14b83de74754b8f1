/**
 * Where receipts are kept: one interface, one test suite, whatever the engine.
 */
import type { About, Incident } from '../verdict/flood/incident.ts';
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

export interface IncidentQuery {
  /** ms since 1970; incidents that ended then or later, or go on. */
  readonly since?: number;
  /** ms since 1970; incidents that began before it. */
  readonly before?: number;
  /** Its own, or that of one which turned out to be part of it. */
  readonly id?: string;
  /** Only those that go on. */
  readonly isOpen?: true;
}

export interface StoredIncident extends Incident {
  /** Whose brakes were lifted by hand: its own, or those of parts of it. */
  readonly lifted: readonly About[];
  /** All of its brakes were. */
  readonly isLifted: boolean;
}

export interface JournalStore extends AsyncDisposable {
  /** All or none; on disk once resolved. Throws JournalWriteError (full disk, no permission, ...). */
  append(receipts: readonly Receipt[]): Promise<void>;
  /** Oldest first, in pages, so that a journal of any size fits into memory. */
  read(query: ReceiptQuery): AsyncIterable<StoredReceipt>;
  /**
   * Incidents as they are now, in place of what was saved of them before and of those that were joined to
   * them. What was lifted remains so, also as a part. All or none. Throws JournalWriteError.
   */
  saveIncidents(incidents: readonly Incident[]): Promise<void>;
  /** In the order of their beginning. Throws JournalReadError. */
  incidents(query: IncidentQuery): Promise<StoredIncident[]>;
  /**
   * Lifts the brakes of an incident, or of what has that id and is part of one now. False where there is no
   * such incident, or it is over. Throws JournalWriteError.
   */
  liftIncident(id: string): Promise<boolean>;
  /** Removes receipts, and incidents, whose `until` is before the time (ms since 1970); resolves to the number of receipts. */
  prune(before: number): Promise<number>;
}
