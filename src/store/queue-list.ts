/**
 * Finds messages by what the operator knows of them, a page at a time.
 *
 * Each page looks at a bounded number of messages, so that a filter that fits nothing holds up
 * nobody for long.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { QueueId } from '../mail/queue-id.ts';
import { readMessage } from './queue-message.ts';
import type { QueuedMessage, QueueFilter } from './queue-store.ts';
import type { Statements } from './sqlite-statements.ts';
import { encode } from './stored-text.ts';
import { matches } from './wildcard.ts';

/** Messages or recipients looked at, messages found and recipients found, for one page. */
const window = 2000;
const pageLimit = 200;
const recipientLimit = 5000;

export interface QueuePage {
  readonly messages: readonly QueuedMessage[];
  /** The page that follows begins behind this id; null at the end. */
  readonly next: QueueId | null;
}

export function readQueuePage(
  statements: Statements,
  filter: QueueFilter,
  after: QueueId,
): QueuePage {
  const { source, upTo } = lookAt(statements, filter, after);
  const messages: QueuedMessage[] = [];
  let recipients = 0;
  const ids = select(statements, filter, source);
  for (const id of ids) {
    const message = readMessage(statements, id);
    if (!message || !fitsPatterns(message, filter)) continue;
    messages.push(message);
    recipients += message.recipients.length;
    if (recipients >= recipientLimit) return { messages, next: id };
  }
  return { messages, next: ids.length < pageLimit ? upTo : (ids.at(-1) ?? null) };
}

interface Window {
  /** Which messages are looked at. */
  readonly source: Condition;
  /** The last of them; null where no more follow. */
  readonly upTo: QueueId | null;
}

/** The next ones that could fit, out of the smallest table that tells. */
function lookAt(statements: Statements, filter: QueueFilter, after: QueueId): Window {
  const { ids, state } = filter;
  if (ids) {
    const left = [...new Set(ids)].filter((id) => id > after).sort((a, b) => a - b);
    const some = left.slice(0, window);
    const source = {
      sql: 'id IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(some)],
    };
    return { source, upTo: left.length > window ? (some.at(-1) ?? null) : null };
  }
  const recipient = ofRecipient(filter);
  if (state !== undefined && state !== 'queued')
    return range(statements, 'aside', 'message', { sql: 'state = ?', values: [state] }, after);
  if (recipient) return range(statements, 'recipient', 'message', recipient, after);
  return range(statements, 'message', 'id', { sql: '1', values: [] }, after);
}

function range(
  { number }: Statements,
  table: string,
  column: string,
  { sql, values }: Condition,
  after: QueueId,
): Window {
  const upTo = number(
    `SELECT ${column} FROM ${table} WHERE ${column} > ? ORDER BY ${column} LIMIT 1 OFFSET ${window}`,
    after,
  );
  const part = `${column} > ? AND ${column} <= ? AND ${sql}`;
  return {
    source: {
      sql: table === 'message' ? part : `id IN (SELECT message FROM ${table} WHERE ${part})`,
      values: [after, upTo ?? Number.MAX_SAFE_INTEGER, ...values],
    },
    upTo,
  };
}

function select({ all }: Statements, filter: QueueFilter, source: Condition): readonly QueueId[] {
  const parts = [source];
  if (filter.receivedBefore !== undefined)
    parts.push({ sql: 'received_at < ?', values: [filter.receivedBefore] });
  if (filter.receivedAfter !== undefined)
    parts.push({ sql: 'received_at > ?', values: [filter.receivedAfter] });
  if (filter.state !== undefined) {
    const sql = "coalesce((SELECT state FROM aside WHERE message = id), 'queued') = ?";
    parts.push({ sql, values: [filter.state] });
  }
  if (filter.sender !== undefined) parts.push(fits('reverse_path', filter.sender));
  const recipient = ofRecipient(filter);
  if (recipient) {
    const sql = `EXISTS (SELECT 1 FROM recipient WHERE message = id AND ${recipient.sql})`;
    parts.push({ sql, values: recipient.values });
  }
  const where = parts.map(({ sql }) => sql).join(' AND ');
  const values = parts.flatMap((part) => part.values);
  return all(`SELECT id FROM message WHERE ${where} ORDER BY id LIMIT ${pageLimit}`, ...values).map(
    ({ id }) => Number(id),
  );
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** What a recipient has to fit: all of it one and the same. */
function ofRecipient({ recipient, domain, reason }: QueueFilter): Condition | null {
  const parts: Condition[] = [];
  if (recipient !== undefined) parts.push(fits('forward_path', recipient));
  if (domain !== undefined) parts.push({ sql: 'domain = ?', values: [encode(domain)] });
  if (reason !== undefined) parts.push({ sql: 'reason = ?', values: [reason] });
  if (parts.length === 0) return null;
  return {
    sql: parts.map(({ sql }) => sql).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  };
}

/**
 * Texts with a backslash may be stored otherwise than they read (stored-text.ts): where a pattern is
 * asked for, they are let through here and looked at again by `fitsPatterns`.
 */
function fits(column: string, pattern: string): Condition {
  if (!pattern.includes('*')) return { sql: `${column} = ?`, values: [encode(pattern)] };
  const glob = pattern.replaceAll(/[[?]/g, '[$&]');
  const isPlain = encode(glob) === glob;
  return {
    sql: `(instr(${column}, char(92)) > 0${isPlain ? ` OR ${column} GLOB ?` : ''})`,
    values: isPlain ? [glob] : [],
  };
}

function fitsPatterns(message: QueuedMessage, filter: QueueFilter): boolean {
  const { sender, recipient, domain, reason } = filter;
  if (sender?.includes('*') && !matches(sender, message.sender.reversePath)) return false;
  if (!recipient?.includes('*')) return true;
  return message.recipients.some(
    (found) =>
      matches(recipient, found.forwardPath) &&
      (domain === undefined || found.domain === domain) &&
      (reason === undefined || found.reason === reason),
  );
}
