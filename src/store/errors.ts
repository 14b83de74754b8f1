/**
 * What can go wrong with a store. The cause is the engine's or the system's own error.
 */

/** The receipts were not written; none of them. */
export class JournalWriteError extends Error {
  readonly code = 'JOURNAL_WRITE';
  constructor(cause: unknown) {
    super(`Cannot write the journal: ${describe(cause)}`, { cause });
    this.name = 'JournalWriteError';
  }
}

export class JournalReadError extends Error {
  readonly code = 'JOURNAL_READ';
  constructor(cause: unknown) {
    super(`Cannot read the journal: ${describe(cause)}`, { cause });
    this.name = 'JournalReadError';
  }
}

/** The configuration names a place where no journal can be kept; the message says what to do. */
export class JournalOpenError extends Error {
  readonly code = 'JOURNAL_OPEN';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'JournalOpenError';
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
