/**
 * A journal in one SQLite file: the statements, run at once on the calling thread.
 *
 * Write-ahead log, so that `spillway journal` reads while `spillway run` writes. `synchronous=FULL`,
 * because an append must survive a power cut once it is resolved; NORMAL would only promise that
 * the file stays sound. The recorder writes in groups, so that costs one fsync for hundreds of receipts.
 */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Receipt } from '../verdict/verdict.ts';
import { capText } from './caps.ts';
import type { ReceiptQuery, StoredReceipt } from './journal-store.ts';
import { columns, encode, fromRow, toRow } from './receipt-row.ts';
import { migrate, readVersion, schemaVersion } from './sqlite-schema.ts';

/** Where a page of receipts ended; the next one begins behind it. */
export interface Cursor {
  readonly from: number;
  readonly id: number;
}

export interface JournalFile extends Disposable {
  /** In one transaction: all or none. The receipts are capped already (caps.ts). */
  insert(receipts: readonly Receipt[]): void;
  /** Ordered by `from`, then `id`. */
  page(query: ReceiptQuery, after: Cursor | null, limit: number): StoredReceipt[];
  /** Removes at most `limit` receipts whose `until` is before the time; the number removed. */
  prune(before: number, limit: number): number;
  /** False once the file was moved or removed behind our back: what is written then is lost. */
  isInPlace(): boolean;
}

export interface FileOptions {
  /** Size in bytes beyond which an append fails as on a full disk. */
  readonly maxBytes?: number | undefined;
}

/** The file was written by a newer Spillway; the text says so. */
export class SchemaError extends Error {
  readonly code = 'JOURNAL_SCHEMA';
}

/** Makes folder (0700) and file (0600) where they are missing. Throws what SQLite or the system throws. */
export function openJournalFile(path: string, options: FileOptions = {}): JournalFile {
  makeFolder(dirname(path));
  // SQLite would make it readable for everybody; its log files take over the mode of this one.
  closeSync(openSync(path, 'a', 0o600));
  // Another process may be writing: that takes milliseconds, a prune some more.
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    // Lets a prune give space back; has to come before everything that writes.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // The log grows while a reader reads; afterwards it shrinks to this.
    database.exec('PRAGMA journal_size_limit = 67108864');
    if (options.maxBytes !== undefined) limitSize(database, options.maxBytes);
    refuseNewer(database);
    migrate(database);
    return journalFile(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Not mkdir's own `recursive`: in Node 24 that never ends below /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * For reading only: makes and changes nothing. Null where there is no journal yet.
 * Works beside a writing process, and for a user who may read the file but not write beside it.
 */
export function openJournalFileForReading(path: string): JournalFile | null {
  // Not existsSync: a journal that may not be looked at is there all the same.
  if (!statSync(path, { throwIfNoEntry: false })) return null;
  const database = openReadOnly(path);
  try {
    refuseNewer(database);
    if (readVersion(database) === schemaVersion) return journalFile(database, path);
    // The writer has just made the file and not come to the tables.
    database.close();
    return null;
  } catch (error) {
    if (database.isOpen) database.close();
    throw error;
  }
}

function openReadOnly(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    readVersion(database);
    return database;
  } catch (error) {
    database.close();
    // A reader shares an index of the log with the writer, and must be allowed to make it. Where it
    // is not and nobody has a log open, the file alone holds everything.
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    if (log && log.size > 0) throw error;
    const url = pathToFileURL(path);
    url.search = '?mode=ro&immutable=1';
    return new DatabaseSync(url, { readOnly: true });
  }
}

function refuseNewer(database: DatabaseSync): void {
  const found = readVersion(database);
  if (found > schemaVersion) {
    throw new SchemaError(
      `it was written by a newer Spillway (version ${found} of its tables, this program knows ${schemaVersion})`,
    );
  }
}

function limitSize(database: DatabaseSync, bytes: number): void {
  const pageSize = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pageSize))}`);
}

function journalFile(database: DatabaseSync, path: string): JournalFile {
  const opened = statSync(path);
  return {
    insert(receipts) {
      const insert = database.prepare(
        `INSERT INTO receipt (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      );
      inTransaction(database, () => {
        for (const receipt of receipts) insert.run(...toRow(receipt));
      });
    },
    page(query, after, limit) {
      const { where, values } = conditions(query, longestSpan(database), after);
      return database
        .prepare(`SELECT * FROM receipt WHERE ${where} ORDER BY from_at, id LIMIT ?`)
        .all(...values, limit)
        .map(fromRow);
    },
    prune(before, limit) {
      const removed = database
        .prepare(
          `DELETE FROM receipt WHERE id IN (
             SELECT id FROM receipt WHERE from_at < ?1 AND until_at < ?1 ORDER BY from_at LIMIT ?2)`,
        )
        .run(before, limit);
      if (removed.changes !== 0) database.exec('PRAGMA incremental_vacuum(4096)');
      return Number(removed.changes);
    },
    isInPlace() {
      const found = statSync(path, { throwIfNoEntry: false });
      return found?.ino === opened.ino && found.dev === opened.dev;
    },
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function inTransaction(database: DatabaseSync, run: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    run();
    database.exec('COMMIT');
  } catch (error) {
    // SQLite takes some transactions back by itself, for example when the disk is full.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** How long the longest receipt lasts, in ms: the index on `from` finds by its help what reaches into a time. */
function longestSpan(database: DatabaseSync): number {
  const row = database
    .prepare('SELECT max(until_at - from_at) AS span FROM receipt WHERE until_at - from_at > 60000')
    .get();
  return typeof row?.['span'] === 'number' ? row['span'] : 60_000;
}

function conditions(query: ReceiptQuery, span: number, after: Cursor | null) {
  const values: SQLInputValue[] = [];
  const parts = ['1'];
  const add = (condition: string, ...bound: SQLInputValue[]) => {
    parts.push(condition);
    values.push(...bound);
  };
  if (query.since !== undefined)
    add('from_at >= ? AND until_at >= ?', query.since - span, query.since);
  if (query.before !== undefined) add('from_at < ?', query.before);
  if (query.check !== undefined) add('question = ?', query.check);
  if (query.action !== undefined) add('action = ?', query.action);
  if (query.reason !== undefined) add('reason = ?', query.reason);
  if (query.domain !== undefined) add('domain = ?', encode(capText(query.domain)));
  if (query.queueId !== undefined) add('queue_id = ?', encode(capText(query.queueId)));
  if (query.enforced !== undefined) add('enforced = ?', query.enforced ? 1 : 0);
  if (after) add('(from_at, id) > (?, ?)', after.from, after.id);
  return { where: parts.join(' AND '), values };
}
