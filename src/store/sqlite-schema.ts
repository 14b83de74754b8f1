/**
 * The tables of a SQLite journal, as steps from each version to the next.
 *
 * `PRAGMA user_version` holds the number of steps taken. A step that was released is never changed.
 */
import type { DatabaseSync } from 'node:sqlite';

const steps: readonly string[] = [
  `CREATE TABLE receipt (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     from_at INTEGER NOT NULL,
     until_at INTEGER NOT NULL,
     count INTEGER NOT NULL CHECK (count > 0),
     adapter TEXT NOT NULL,
     question TEXT NOT NULL,
     action TEXT NOT NULL,
     enforced INTEGER NOT NULL,
     reason TEXT NOT NULL,
     reply_code INTEGER,
     reply_status TEXT,
     reply_text TEXT,
     domain TEXT,
     client_address TEXT,
     client_name TEXT,
     client_helo TEXT,
     reverse_path TEXT,
     forward_path TEXT,
     queue_id TEXT,
     steps TEXT NOT NULL
   ) STRICT;
   CREATE INDEX receipt_from ON receipt (from_at);
   CREATE INDEX receipt_domain ON receipt (domain, from_at) WHERE domain IS NOT NULL;
   CREATE INDEX receipt_queue_id ON receipt (queue_id) WHERE queue_id IS NOT NULL;
   -- Almost empty: tells how far before a time a receipt that reaches into it can begin.
   CREATE INDEX receipt_long ON receipt (until_at - from_at) WHERE until_at - from_at > 60000;`,
];

export const schemaVersion = steps.length;

export function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/** Takes the steps that are missing; several processes may do so at once. */
export function migrate(database: DatabaseSync): void {
  if (readVersion(database) === schemaVersion) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Asked again: another process may have been faster.
    for (const step of steps.slice(readVersion(database))) database.exec(step);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
