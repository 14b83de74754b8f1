/**
 * Keeps a second server away from a folder: a file of its own, locked for as long as this one lives.
 *
 * SQLite's lock is one of the kernel's (fcntl), so it ends with the process however that ends.
 */
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { primaryCode, resultCodes } from './errors.ts';
import { makeFile, makeFolder } from './sqlite-file.ts';

/** Another server serves the folder. */
export class LockedError extends Error {
  readonly code = 'STORE_LOCKED';
  constructor(cause: unknown) {
    super('another server uses it', { cause });
  }
}

/** Beside the file at `path`. Throws LockedError, or what SQLite or the system throws. */
export function lockForServer(path: string): Disposable {
  const file = join(dirname(path), 'server.lock');
  makeFolder(dirname(file));
  makeFile(file);
  // A server that was just told to stop gets a moment.
  const database = new DatabaseSync(file, { timeout: 500 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw primaryCode(error) === resultCodes.busy ? new LockedError(error) : error;
  }
  return { [Symbol.dispose]: () => database.close() };
}
