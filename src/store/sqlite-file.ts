/**
 * What every SQLite file of ours has in common: where it lies, who may read it, what survives.
 *
 * Write-ahead log, so that one process reads while another writes. `synchronous=FULL`, because what
 * is promised must survive a power cut; NORMAL would only promise that the file stays sound.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface FileOptions {
  /** Size in bytes beyond which writing fails as on a full disk. */
  readonly maxBytes?: number | undefined;
}

/** Makes folder (0700) and file (0600) where they are missing. Throws what SQLite or the system throws. */
export function openSqliteFile(path: string, options: FileOptions): DatabaseSync {
  makeFolder(dirname(path));
  makeFile(path);
  // Another process may be writing: that takes milliseconds, removing much some more.
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    // Lets removals give space back; has to come before everything that writes.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // The log grows while a reader reads; afterwards it shrinks to this.
    database.exec('PRAGMA journal_size_limit = 67108864');
    if (options.maxBytes !== undefined) limitSize(database, options.maxBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Not mkdir's own `recursive`: in Node 24 that never ends below /proc. */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
    syncFolder(dirname(path));
  } catch (error) {
    // Another process may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Else a power cut could take the new folder away with all that was promised in it. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // It may not be read, or its file system knows no such thing.
  }
}

/**
 * SQLite would make it readable for everybody; its log files take over the mode of this one.
 *
 * A file that exists must not even be opened here: closing it would take away the locks that SQLite
 * holds on it elsewhere in this process (fcntl(2)).
 */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw error;
  }
}

/** Beyond so many bytes writing fails as on a full disk. */
export function limitSize(database: DatabaseSync, bytes: number): void {
  const pageSize = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pageSize))}`);
}

/** A function that tells whether the file was moved or removed behind our back: what is written then is lost. */
export function watchPlace(path: string): () => boolean {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.ino === opened.ino && found.dev === opened.dev;
  };
}

export function inTransaction<Result>(database: DatabaseSync, run: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite takes some transactions back by itself, for example when the disk is full.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
