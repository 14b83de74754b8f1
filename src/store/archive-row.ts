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
  return {
    number: Number(row['number']),
    id: text(row['id']),
    cause: Number(row['cause']),
    state: row['state'] as StoredState,
    wasHeld: row['was_held'] !== 0,
    reversePath: text(row['reverse_path']),
    recipients: texts(row['recipients']),
    recipientCount: Number(row['recipient_count']),
    arrivedAt: Number(row['arrived_at']),
    size: Number(row['size']),
    fingerprint: Number(row['fingerprint']),
    restoredAs: decode(row['restored_as']),
    problem: decode(row['problem']),
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
  return {
    number: Number(row['number']),
    name: text(row['name']),
    kind: row['kind'] as ArchivedCause['kind'],
    reason: row['reason'] as ArchivedCause['reason'],
    proposal: row['proposal'] as ArchivedCause['proposal'],
    domain: decode(row['domain']),
    steps: texts(row['steps']),
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
  return {
    mta: mtaOf(row['mta']),
    title: text(row['title']),
    queue: text(row['queue']),
    folders: texts(row['folders']),
    root: text(row['root']),
    startedAt: Number(row['started_at']),
    chosen: text(row['chosen']),
  };
}

/** A receipt may have been carried about: who wrote it may know other servers, or none. */
function mtaOf(value: SQLOutputValue | undefined): ArchivedRun['mta'] {
  const known = mtas.find((mta) => mta === value);
  if (!known) throw new Error(`expected one of ${mtas.join(', ')}, found ${value}`);
  return known;
}

export function fileOf(row: Row): FileFacts {
  return {
    path: text(row['path']),
    mode: Number(row['mode']),
    uid: Number(row['uid']),
    gid: Number(row['gid']),
    modifiedAt: Number(row['modified_at']),
    size: Number(row['size']),
  };
}

function text(value: SQLOutputValue | undefined): string {
  return decode(value) ?? '';
}

function texts(value: SQLOutputValue | undefined): string[] {
  const found: unknown = typeof value === 'string' ? JSON.parse(value) : [];
  return Array.isArray(found) ? found.map(String) : [];
}
