/**
 * Incidents as rows of a table: what is asked for as columns, all of it as one JSON document.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Incident } from '../verdict/flood/incident.ts';
import type { IncidentQuery, StoredIncident } from './journal-store.ts';
import { inTransaction } from './sqlite-file.ts';

/** What incidents that were saved long ago do not say of themselves. */
const unsaid: Pick<Incident, 'isBacklog'> = { isBacklog: false };

export function saveIncidents(database: DatabaseSync, incidents: readonly Incident[]): void {
  const save = database.prepare(
    `INSERT INTO incident (id, start_at, end_at, is_open, joined, told) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET start_at = excluded.start_at, end_at = excluded.end_at,
       is_open = excluded.is_open, joined = excluded.joined, told = excluded.told`,
  );
  const remove = database.prepare('DELETE FROM incident WHERE id = ?');
  inTransaction(database, () => {
    for (const incident of incidents) {
      const { id, start, end, isOpen, joined } = incident;
      for (const part of joined) remove.run(part);
      const parts = joined.map((part) => ` ${part} `).join('');
      save.run(
        id,
        Math.floor(start),
        Math.ceil(end),
        isOpen ? 1 : 0,
        parts,
        JSON.stringify(incident),
      );
    }
  });
}

export function readIncidents(database: DatabaseSync, query: IncidentQuery): StoredIncident[] {
  const { since, before, id, isOpen } = query;
  const parts = ['1'];
  const values: SQLInputValue[] = [];
  if (isOpen) parts.push('is_open');
  if (since !== undefined) {
    parts.push('(is_open OR end_at >= ?)');
    values.push(since);
  }
  if (before !== undefined) {
    parts.push('start_at < ?');
    values.push(before);
  }
  if (id !== undefined) {
    parts.push('(id = ? OR instr(joined, ?) > 0)');
    values.push(id, ` ${id} `);
  }
  return database
    .prepare(
      `SELECT told, is_lifted FROM incident WHERE ${parts.join(' AND ')} ORDER BY start_at, id`,
    )
    .all(...values)
    .map(({ told, is_lifted }) => {
      const incident: Incident = { ...unsaid, ...JSON.parse(String(told)) };
      return { ...incident, isLifted: is_lifted !== 0 };
    });
}

export function liftIncident(database: DatabaseSync, id: string): boolean {
  const lifted = database
    .prepare('UPDATE incident SET is_lifted = 1 WHERE is_open AND (id = ? OR instr(joined, ?) > 0)')
    .run(id, ` ${id} `);
  return lifted.changes !== 0;
}

export function pruneIncidents(database: DatabaseSync, before: number): void {
  database.prepare('DELETE FROM incident WHERE NOT is_open AND end_at < ?').run(before);
}
