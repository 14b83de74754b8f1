/**
 * Incidents as rows of a table: what is asked for as columns, all of it as one JSON document.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type About, type Incident, isSameAbout } from '../verdict/flood/incident.ts';
import type { IncidentQuery, StoredIncident } from './journal-store.ts';
import { inTransaction } from './sqlite-file.ts';

export function saveIncidents(database: DatabaseSync, incidents: readonly Incident[]): void {
  const save = database.prepare(
    `INSERT INTO incident (id, start_at, end_at, is_open, joined, lifted, told) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET start_at = excluded.start_at, end_at = excluded.end_at,
       is_open = excluded.is_open, joined = excluded.joined, lifted = excluded.lifted, told = excluded.told`,
  );
  const remove = database.prepare('DELETE FROM incident WHERE id = ?');
  inTransaction(database, () => {
    const lifted = new Map(find(database, ["lifted <> '[]'"], []).map((one) => [one.id, one]));
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
        JSON.stringify(liftedIn(incident, lifted)),
        JSON.stringify(incident),
      );
    }
  });
}

/**
 * Of what was lifted before, by id. Where that is part of a wider flood now it goes on, and with it what was
 * part of it by then; the rest was never lifted.
 */
function liftedIn(incident: Incident, before: ReadonlyMap<string, StoredIncident>): About[] {
  if (before.size === 0) return [];
  const itself = before.get(incident.id);
  const isStill = itself !== undefined && isSameAbout(itself, incident);
  const parts = incident.joined.flatMap((id) => before.get(id) ?? []);
  const narrower = itself && !isStill ? [itself, ...parts] : parts;
  return distinct([...(isStill ? itself.lifted : []), ...narrower.flatMap(allLifted)]);
}

function allLifted({ isLifted, lifted, parts }: StoredIncident): readonly About[] {
  return isLifted ? [...lifted, ...parts] : lifted;
}

function distinct(abouts: readonly About[]): About[] {
  return abouts
    .map(({ cause, subject }) => ({ cause, subject }))
    .filter((one, at, all) => all.findIndex((other) => isSameAbout(one, other)) === at);
}

export function readIncidents(database: DatabaseSync, query: IncidentQuery): StoredIncident[] {
  const { since, before, id, isOpen } = query;
  const parts: string[] = [];
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
    parts.push(named);
    values.push(id, ` ${id} `);
  }
  return find(database, parts, values);
}

/** Its own id, or that of a part. */
const named = '(id = ? OR instr(joined, ?) > 0)';

function find(
  database: DatabaseSync,
  conditions: readonly string[],
  values: readonly SQLInputValue[],
): StoredIncident[] {
  const where = conditions.length === 0 ? '1' : conditions.join(' AND ');
  return database
    .prepare(`SELECT told, lifted FROM incident WHERE ${where} ORDER BY start_at, id`)
    .all(...values)
    .map((row) => {
      const { received, made, ...told }: Incident = {
        ...unsaid,
        ...JSON.parse(String(row['told'])),
      };
      const incident: Incident = {
        ...told,
        // Those of an earlier version do not tell them.
        received: { ...received, connections: received.connections ?? null },
        made: { ...made, cpu: made.cpu ?? null },
      };
      const lifted = distinct(JSON.parse(String(row['lifted'])));
      return { ...incident, lifted, isLifted: lifted.some((one) => isSameAbout(one, incident)) };
    });
}

/** What incidents that were saved long ago do not say of themselves. */
const unsaid: Pick<Incident, 'isBacklog' | 'parts'> = { isBacklog: false, parts: [] };

export function liftIncident(database: DatabaseSync, id: string): boolean {
  const save = database.prepare('UPDATE incident SET lifted = ? WHERE id = ?');
  return inTransaction(database, () => {
    const found = find(database, ['is_open', named], [id, ` ${id} `]);
    for (const incident of found) {
      // Who knows it by the id of a part means that part.
      const meant = incident.parts.find((part) => part.id === id) ?? incident;
      save.run(JSON.stringify(distinct([...incident.lifted, meant])), incident.id);
    }
    return found.length > 0;
  });
}

export function pruneIncidents(database: DatabaseSync, before: number): void {
  database.prepare('DELETE FROM incident WHERE NOT is_open AND end_at < ?').run(before);
}
