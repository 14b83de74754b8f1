/**
 * The tables of a SQLite file, as steps from each version to the next.
 *
 * `PRAGMA user_version` holds the number of steps taken. A step that was released is never changed.
 */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './sqlite-file.ts';

/** The file was written by a newer Spillway; the text says so. */
export class SchemaError extends Error {
  readonly code = 'STORE_SCHEMA';
}

export function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/** Throws SchemaError. `known` is the version that this program writes. */
export function refuseNewer(database: DatabaseSync, known: number): void {
  const found = readVersion(database);
  if (found > known) {
    throw new SchemaError(
      `it was written by a newer Spillway (version ${found} of its tables, this program knows ${known})`,
    );
  }
}

/** Takes the steps that are missing; several processes may do so at once. Throws SchemaError. */
export function migrate(database: DatabaseSync, steps: readonly string[]): void {
  refuseNewer(database, steps.length);
  if (readVersion(database) === steps.length) return;
  inTransaction(database, () => {
    // Asked again: another process may have been faster.
    for (const step of steps.slice(readVersion(database))) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}
