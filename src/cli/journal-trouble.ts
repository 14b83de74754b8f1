/**
 * A journal that cannot be opened, read or written ends a command with one line, and with the status that tells
 * whether to try again.
 */
import { printable } from '../mail/printable.ts';
import { JournalOpenError, JournalReadError, JournalWriteError } from '../store/errors.ts';
import { CommandError, exit } from './exit.ts';

/** Rejects with CommandError in place of the journal's own errors. */
export async function tellingJournal<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const status = statusOf(error);
    if (status === null || !(error instanceof Error)) throw error;
    throw new CommandError(printable(error.message), status, error);
  }
}

/** Null: it is no trouble of the journal. */
function statusOf(error: unknown): number | null {
  if (error instanceof JournalOpenError) return exit.usage;
  if (error instanceof JournalWriteError) return exit.trouble;
  if (error instanceof JournalReadError) return error.isBusy ? exit.tryAgain : exit.trouble;
  return null;
}
