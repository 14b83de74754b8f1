/**
 * A queue folder that cannot be read is trouble of the machine, told in one line.
 */
import { QueueFolderError } from '../rescue/reader.ts';
import { CommandError, exit } from './exit.ts';

/** Rejects with CommandError in its place. */
export async function tellingFolders<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueueFolderError)) throw error;
    throw new CommandError(error.message, exit.trouble, error);
  }
}
