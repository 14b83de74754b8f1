/**
 * A queue in one SQLite file: the writes and looks, run at once on the calling thread.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { QueueId } from '../mail/queue-id.ts';
import { resultCodes } from './errors.ts';
import { changeMessage, expireAside, recoverOthers } from './queue-change.ts';
import { claimDue } from './queue-claim.ts';
import {
  adoptBody,
  type ContentPart,
  dropDraft,
  insertBody,
  insertPiece,
  readPart,
} from './queue-content.ts';
import { type QueuePage, readQueuePage } from './queue-list.ts';
import { insertMessage } from './queue-message.ts';
import { nextDue } from './queue-schedule.ts';
import { queueSteps } from './queue-schema.ts';
import { giveBack, settleAttempt } from './queue-settle.ts';
import type { QueueCounts, QueueFilter } from './queue-store.ts';
import type { DraftBody, NewContent, Span, Write } from './queue-thread.ts';
import { type QueueTransaction, runTransaction } from './queue-transaction.ts';
import { type FileOptions, openSqliteFile, watchPlace } from './sqlite-file.ts';
import { migrate } from './sqlite-migrate.ts';
import { statementsOf } from './sqlite-statements.ts';

/** Of a notice that is written whole: more of it is kept in pieces. */
const smallContent = 64 * 1024;
/** Pages that a step gives back to the file system. */
const shrinkStep = 512;
/** Free pages that stay: the next messages need them. */
const spare = 4096;

export interface QueueFileOptions extends FileOptions {
  /** Where fewer bytes of the disk are free no message is taken: those in the queue need the rest. */
  readonly minFreeBytes?: number;
}

export interface QueueFile extends Disposable {
  /** In one transaction: all or none. What each of them gives, null where that is nothing. */
  write(writes: readonly Write[], bytes: Uint8Array): unknown[];
  lastId(): number;
  nextDue(except: readonly string[]): number | null;
  counts(): QueueCounts;
  noticesQueued(most: number): number;
  readPart(id: QueueId, part: number): ContentPart | null;
  page(filter: QueueFilter, after: QueueId): QueuePage;
  /** Ends what this process holds: claims and drafts. */
  letGo(): void;
  /** Makes the file a little smaller where much of it is free; whether there is more to do. */
  shrink(): boolean;
  /** Moves what stands in the log into the file as far as that goes, so that the log has room again. */
  emptyLog(): void;
  /** False once the file was moved or removed behind our back: what is written then is lost. */
  isInPlace(): boolean;
}

/** Makes folder and file where they are missing. Throws what SQLite or the system throws. */
export function openQueueFile(
  path: string,
  instance: number,
  options: QueueFileOptions = {},
): QueueFile {
  const database = openSqliteFile(path, options);
  try {
    // 16 MB of pages: a queue of any size needs no more memory.
    database.exec('PRAGMA cache_size = -16000');
    migrate(database, queueSteps);
    return queueFile(database, path, instance, options.minFreeBytes ?? 0);
  } catch (error) {
    database.close();
    throw error;
  }
}

function queueFile(
  database: DatabaseSync,
  path: string,
  instance: number,
  minFreeBytes: number,
): QueueFile {
  const statements = statementsOf(database);
  const { get, number } = statements;
  let isSynced = true;

  /** A claim or a piece that a power cut takes away is no loss: its message is still there, or not yet. */
  function sync(isNeeded: boolean): void {
    if (isSynced === isNeeded) return;
    database.exec(`PRAGMA synchronous = ${isNeeded ? 'FULL' : 'NORMAL'}`);
    isSynced = isNeeded;
  }

  return {
    write(writes, bytes) {
      if (writes.some(({ kind }) => growing.includes(kind))) checkRoom(path, minFreeBytes);
      sync(writes.some(({ kind }) => !passing.includes(kind)));
      return runTransaction(database, statements, instance, (transaction) =>
        writes.map((write) => perform(transaction, write, bytes)),
      );
    },
    lastId: () => number('SELECT last_id FROM total') ?? 0,
    nextDue: (except) => nextDue(statements, except),
    counts() {
      const row = get('SELECT queued, held, purged, kept FROM total');
      const count = (state: string): number => Number(row?.[state] ?? 0);
      return {
        queued: count('queued'),
        held: count('held'),
        purged: count('purged'),
        kept: count('kept'),
      };
    },
    noticesQueued: (most) =>
      number(
        `SELECT count(*) FROM (SELECT 1 FROM message WHERE kind = 'notice'
           AND NOT EXISTS (SELECT 1 FROM aside WHERE aside.message = message.id) LIMIT ?)`,
        most,
      ) ?? 0,
    readPart: (id, part) => readPart(statements, id, part),
    page: (filter, after) => readQueuePage(statements, filter, after),
    letGo() {
      runTransaction(database, statements, instance, (transaction) => {
        const { all } = transaction;
        for (const { message } of all('SELECT message FROM claim WHERE instance = ?', instance))
          giveBack(transaction, Number(message));
        for (const { draft } of all('SELECT draft FROM body WHERE instance = ?', instance))
          dropDraft(transaction, Number(draft));
      });
    },
    shrink() {
      const free = number('PRAGMA freelist_count') ?? 0;
      const pages = number('PRAGMA page_count') ?? 0;
      if (free < spare || free < pages / 4) return false;
      database.exec(`PRAGMA incremental_vacuum(${shrinkStep})`);
      // Only this makes the file itself smaller.
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      return true;
    },
    emptyLog() {
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    },
    isInPlace: watchPlace(path),
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

/** What takes room. Everything else goes on where there is little left: it makes room in the end. */
const growing: readonly Write['kind'][] = ['commit', 'piece'];

/** Throws as SQLite does on a full disk. */
function checkRoom(path: string, least: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize >= least) return;
  const message = `only ${Math.floor((bavail * bsize) / 1_048_576)} MiB of its disk are free`;
  throw Object.assign(new Error(message), { errcode: resultCodes.full });
}

/** What need not survive a power cut. */
const passing: readonly Write['kind'][] = ['piece', 'drop', 'claim', 'unclaim'];

function perform(transaction: QueueTransaction, write: Write, bytes: Uint8Array): unknown {
  const cut = ({ at, length }: Span): Uint8Array => bytes.subarray(at, at + length);
  switch (write.kind) {
    case 'commit': {
      const { message, recipients, claim } = write;
      const body = write.body && takeBody(transaction, write.body, cut);
      const content = cut(write.content);
      return insertMessage(transaction, { message, recipients, content, body, claim });
    }
    case 'piece':
      return insertPiece(transaction, write.draft, write.number, cut(write.bytes));
    case 'drop':
      return dropDraft(transaction, write.draft);
    case 'settle':
      settleAttempt(transaction, write.id, write.outcomes, write.keepUntil);
      return write.notice && insertNotice(transaction, write.notice, cut);
    case 'unclaim':
      return giveBack(transaction, write.id);
    case 'claim':
      return claimDue(transaction, write);
    case 'change':
      return [...new Set(write.ids)].filter((id) =>
        changeMessage(transaction, write.change, id, write.now, write.until),
      );
    case 'expire':
      return expireAside(transaction, write.now, write.limit);
    case 'recover':
      return recoverOthers(transaction, write.limit);
  }
}

type Cut = (span: Span) => Uint8Array;

function takeBody(transaction: QueueTransaction, body: DraftBody, cut: Cut): number {
  const { draft, pieces, rest } = body;
  if (pieces === 0) return insertBody(transaction, rest ? cut(rest) : new Uint8Array());
  if (rest) insertPiece(transaction, draft, pieces, cut(rest));
  return adoptBody(transaction, draft, pieces + (rest ? 1 : 0));
}

function insertNotice(transaction: QueueTransaction, notice: NewContent, cut: Cut): void {
  const { message, recipients } = notice;
  const all = cut(notice.content);
  const isSmall = all.length <= smallContent;
  const body = isSmall ? null : insertBody(transaction, all);
  const content = isSmall ? all : new Uint8Array();
  insertMessage(transaction, { message, recipients, content, body, claim: false });
}
