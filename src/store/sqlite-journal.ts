/**
 * A journal in one SQLite file: the statements, run at once on the calling thread.
 *
 * `spillway journal` reads while `spillway run` writes. The recorder writes in groups, so that an
 * append costs one fsync for hundreds of receipts.
 */
import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Incident } from '../verdict/flood/incident.ts';
import type { Receipt } from '../verdict/verdict.ts';
import { capText } from './caps.ts';
import * as stored from './incident-rows.ts';
import { journalSteps } from './journal-schema.ts';
import type {
  IncidentQuery,
  ReceiptQuery,
  StoredIncident,
  StoredReceipt,
} from './journal-store.ts';
import { columns, fromRow, toRow } from './receipt-row.ts';
import { type FileOptions, inTransaction, openSqliteFile, watchPlace } from './sqlite-file.ts';
import { migrate, readVersion, refuseNewer } from './sqlite-migrate.ts';
import { encode } from './stored-text.ts';

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
  saveIncidents(incidents: readonly Incident[]): void;
  incidents(query: IncidentQuery): StoredIncident[];
  liftIncident(id: string): boolean;
  /** Removes at most `limit` receipts whose `until` is before the time; the number removed. */
  prune(before: number, limit: number): number;
  /** False once the file was moved or removed behind our back: what is written then is lost. */
  isInPlace(): boolean;
}

/** Makes folder (0700) and file (0600) where they are missing. Throws what SQLite or the system throws. */
export function openJournalFile(path: string, options: FileOptions = {}): JournalFile {
  const database = openSqliteFile(path, options);
  try {
    migrate(database, journalSteps);
    return journalFile(database, path);
  } catch (error) {
    database.close();
    throw error;
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
    refuseNewer(database, journalSteps.length);
    if (readVersion(database) === journalSteps.length) return journalFile(database, path);
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

function journalFile(database: DatabaseSync, path: string): JournalFile {
  const isInPlace = watchPlace(path);
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
    saveIncidents: (incidents) => stored.saveIncidents(database, incidents),
    incidents: (query) => stored.readIncidents(database, query),
    liftIncident: (id) => stored.liftIncident(database, id),
    prune(before, limit) {
      stored.pruneIncidents(database, before);
      const removed = database
        .prepare(
          `DELETE FROM receipt WHERE id IN (
             SELECT id FROM receipt WHERE from_at < ?1 AND until_at < ?1 ORDER BY from_at LIMIT ?2)`,
        )
        .run(before, limit);
      if (removed.changes !== 0) database.exec('PRAGMA incremental_vacuum(4096)');
      return Number(removed.changes);
    },
    isInPlace,
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
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
