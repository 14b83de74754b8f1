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
  /** Another process holds the journal; it is worth trying again. */
  readonly isBusy: boolean;
  constructor(cause: unknown) {
    super(`Cannot read the journal: ${describe(cause)}`, { cause });
    this.name = 'JournalReadError';
    this.isBusy = [resultCodes.busy, resultCodes.locked].includes(primaryCode(cause));
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

/** Nothing of what was asked was written; it may be asked again. */
export class QueueWriteError extends Error {
  readonly code = 'QUEUE_WRITE';
  constructor(cause: unknown) {
    super(`Cannot write the queue: ${describe(cause)}${adviceOn(cause)}`, { cause });
    this.name = 'QueueWriteError';
  }
}

export class QueueReadError extends Error {
  readonly code = 'QUEUE_READ';
  constructor(cause: unknown) {
    super(`Cannot read the queue: ${describe(cause)}${adviceOn(cause)}`, { cause });
    this.name = 'QueueReadError';
  }
}

/** The configuration names a place where no queue can be kept; the message says what to do. */
export class QueueOpenError extends Error {
  readonly code = 'QUEUE_OPEN';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'QueueOpenError';
  }
}

/** Another server serves the same folder; the message says what to do. */
export class QueueInUseError extends Error {
  readonly code = 'QUEUE_IN_USE';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'QueueInUseError';
  }
}

/** SQLite's primary result codes: https://sqlite.org/rescode.html */
export const resultCodes = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  constraint: 19,
  notADatabase: 26,
};

/** SQLite's result code of an error; 0 where it is none of SQLite's. */
export function primaryCode(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error)) return 0;
  // The low byte of an extended result code is the primary one.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}

/** After such an error a file is as good as before, and still readable: on a full disk it could not be opened again. */
export function mayStayOpen(error: unknown): boolean {
  const { full, io, busy, locked, constraint } = resultCodes;
  // 0: the engine has nothing to do with it.
  return [0, full, io, busy, locked, constraint].includes(primaryCode(error));
}

/** The disk took no more. */
export function isDiskTrouble(error: unknown): boolean {
  const { full, io } = resultCodes;
  return [full, io].includes(primaryCode(error));
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function adviceOn(cause: unknown): string {
  if (primaryCode(cause) === resultCodes.full)
    return '. Make room on its disk, or raise its limit: until then mail is put off';
  if (primaryCode(cause) === resultCodes.busy)
    return '. Another process has been writing to it for seconds: let that end';
  if (primaryCode(cause) === resultCodes.corrupt)
    return '. Its file is damaged. Stop the server and move queue.sqlite* away to keep them; Spillway starts a new queue';
  return '';
}
