/**
 * What can go wrong with an archive. The cause is the engine's or the system's own error.
 */
import { errorText } from '../mail/error-text.ts';
import { printable } from '../mail/printable.ts';
import { primaryCode, resultCodes } from './errors.ts';

/** Nothing of what was asked was written. */
export class ArchiveWriteError extends Error {
  readonly code = 'ARCHIVE_WRITE';
  constructor(path: string, cause: unknown) {
    const isFull = primaryCode(cause) === resultCodes.full;
    super(
      `cannot write the receipt ${printable(path)}: ${describe(cause)}${isFull ? '. Make room on its disk, or name a folder on another one' : ''}`,
      { cause },
    );
    this.name = 'ArchiveWriteError';
  }
}

export class ArchiveReadError extends Error {
  readonly code = 'ARCHIVE_READ';
  constructor(path: string, cause: unknown) {
    super(`cannot read the receipt ${printable(path)}: ${describe(cause)}`, { cause });
    this.name = 'ArchiveReadError';
  }
}

/** There is no such receipt, or it cannot be used; the message says why. */
export class ArchiveOpenError extends Error {
  readonly code = 'ARCHIVE_OPEN';
  /** Another run works with it. */
  readonly isInUse: boolean;
  /** The run died before it began. */
  readonly isEmpty: boolean;
  constructor(path: string, cause: unknown) {
    const primary = primaryCode(cause);
    const isInUse = [resultCodes.busy, resultCodes.locked].includes(primary);
    const why = isInUse
      ? 'another run of Spillway works with it; wait for its end'
      : primary === resultCodes.notADatabase
        ? 'it is no receipt'
        : describe(cause);
    super(`cannot open the receipt ${printable(path)}: ${why}`, { cause });
    this.name = 'ArchiveOpenError';
    this.isInUse = isInUse;
    this.isEmpty = cause instanceof EmptyArchiveError;
  }
}

function describe(cause: unknown): string {
  return printable(errorText(cause));
}

/** Nothing was ever written into it. */
export class EmptyArchiveError extends Error {
  constructor() {
    super('it is empty or no receipt');
  }
}
