/**
 * Entries, causes and files of an archive as rows of its tables and back.
 *
 * The words of closed lists are taken as they are, but for what is to be called by them.
 */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { mtas } from '../foreign/queue-entry.ts';
import type {
  AnnouncedEntry,
  ArchivedCause,
  ArchivedRun,
  FileFacts,
  StoredEntry,
  StoredState,
} from './archive-store.ts';
import type { Row } from './sqlite-statements.ts';
import { decode, encode } from './stored-text.ts';

/** How many recipients of an entry are kept by name; its files hold all of them. */
const mostRecipients = 100;

export const entryColumns =
  'id, cause, state, was_held, reverse_path, recipients, recipient_count, arrived_at, size, fingerprint';

export function entryValues(entry: AnnouncedEntry, state: StoredState): SQLInputValue[] {
  const { recipients } = entry;
  return [
    encode(entry.id),
    entry.cause,
    state,
    entry.wasHeld ? 1 : 0,
    encode(entry.reversePath),
    JSON.stringify(recipients.slice(0, mostRecipients)),
    recipients.length,
    entry.arrivedAt,
    entry.size,
    entry.fingerprint,
  ];
}

export function entryOf(row: Row): StoredEntry {
  const { number, text, textOrNull, texts } = columnsOf(row);
  return {
    number: number('number'),
    id: text('id'),
    cause: number('cause'),
    state: row['state'] as StoredState,
    wasHeld: number('was_held') !== 0,
    reversePath: text('reverse_path'),
    recipients: texts('recipients'),
    recipientCount: number('recipient_count'),
    arrivedAt: number('arrived_at'),
    size: number('size'),
    fingerprint: number('fingerprint'),
    restoredAs: textOrNull('restored_as'),
    problem: textOrNull('problem'),
  };
}

export const causeColumns = 'number, name, kind, reason, proposal, domain, steps';

export function causeValues(cause: ArchivedCause, number: number): SQLInputValue[] {
  return [
    number,
    encode(cause.name),
    cause.kind,
    cause.reason,
    cause.proposal,
    encode(cause.domain),
    JSON.stringify(cause.steps),
  ];
}

export function causeOf(row: Row): ArchivedCause {
  const { number, text, textOrNull, texts } = columnsOf(row);
  return {
    number: number('number'),
    name: text('name'),
    kind: row['kind'] as ArchivedCause['kind'],
    reason: row['reason'] as ArchivedCause['reason'],
    proposal: row['proposal'] as ArchivedCause['proposal'],
    domain: textOrNull('domain'),
    steps: texts('steps'),
  };
}

export function runValues(run: ArchivedRun): SQLInputValue[] {
  const { mta, title, queue, folders, root, startedAt, chosen } = run;
  return [
    mta,
    encode(title),
    encode(queue),
    JSON.stringify(folders),
    encode(root),
    startedAt,
    encode(chosen),
  ];
}

export function runOf(row: Row): ArchivedRun {
  const { number, text, texts } = columnsOf(row);
  return {
    mta: mtaOf(row['mta']),
    title: text('title'),
    queue: text('queue'),
    folders: texts('folders'),
    root: text('root'),
    startedAt: number('started_at'),
    chosen: text('chosen'),
  };
}

/** A receipt may have been carried about: who wrote it may know other servers, or none. */
function mtaOf(value: SQLOutputValue | undefined): ArchivedRun['mta'] {
  const known = mtas.find((mta) => mta === value);
  if (!known) throw new Error(`expected one of ${mtas.join(', ')}, found ${value}`);
  return known;
}

export function fileOf(row: Row): FileFacts {
  const { number, text } = columnsOf(row);
  return {
    path: text('path'),
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    modifiedAt: number('modified_at'),
    size: number('size'),
  };
}

/** Reads columns by their names. */
function columnsOf(row: Row) {
  const textOrNull = (column: string) => decode(row[column]);
  return {
    number: (column: string) => Number(row[column]),
    text: (column: string) => textOrNull(column) ?? '',
    textOrNull,
    /** JSON. */
    texts(column: string): string[] {
      const value = row[column];
      const found: unknown = typeof value === 'string' ? JSON.parse(value) : [];
      return Array.isArray(found) ? found.map(String) : [];
    },
  };
}
