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

/** Messages looked at, messages found and recipients found, for one page. */
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
  const ids = lookAt(statements, filter, after);
  const messages: QueuedMessage[] = [];
  let recipients = 0;
  for (const id of select(statements, filter, ids)) {
    const message = readMessage(statements, id);
    if (!message || !fitsPatterns(message, filter)) continue;
    messages.push(message);
    recipients += message.recipients.length;
    if (messages.length >= pageLimit || recipients >= recipientLimit) return { messages, next: id };
  }
  return { messages, next: ids.length < window ? null : (ids.at(-1) ?? null) };
}

/** The next ids that could fit, in order. */
function lookAt(
  { all }: Statements,
  { ids, state }: QueueFilter,
  after: QueueId,
): readonly QueueId[] {
  if (ids) {
    const unique = new Set(ids.filter((id) => id > after));
    return [...unique].sort((a, b) => a - b).slice(0, window);
  }
  if (state !== undefined && state !== 'queued') {
    return all(
      'SELECT message AS id FROM aside WHERE state = ? AND message > ? ORDER BY message LIMIT ?',
      state,
      after,
      window,
    ).map(({ id }) => Number(id));
  }
  return all('SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?', after, window).map(
    ({ id }) => Number(id),
  );
}

function select(
  { all }: Statements,
  filter: QueueFilter,
  ids: readonly QueueId[],
): readonly QueueId[] {
  const parts = ['id IN (SELECT value FROM json_each(?))'];
  const values: SQLInputValue[] = [JSON.stringify(ids)];
  const add = (condition: Condition | null): void => {
    if (!condition) return;
    parts.push(condition.sql);
    values.push(...condition.values);
  };
  if (filter.receivedBefore !== undefined)
    add({ sql: 'received_at < ?', values: [filter.receivedBefore] });
  if (filter.receivedAfter !== undefined)
    add({ sql: 'received_at > ?', values: [filter.receivedAfter] });
  if (filter.state !== undefined) {
    const sql = "coalesce((SELECT state FROM aside WHERE message = id), 'queued') = ?";
    add({ sql, values: [filter.state] });
  }
  if (filter.sender !== undefined) add(fits('reverse_path', filter.sender));
  add(ofRecipient(filter));
  return all(`SELECT id FROM message WHERE ${parts.join(' AND ')} ORDER BY id`, ...values).map(
    ({ id }) => Number(id),
  );
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** One recipient has to fit all that is asked of recipients. */
function ofRecipient({ recipient, domain, reason }: QueueFilter): Condition | null {
  const parts: Condition[] = [];
  if (recipient !== undefined) parts.push(fits('forward_path', recipient));
  if (domain !== undefined) parts.push({ sql: 'domain = ?', values: [encode(domain)] });
  if (reason !== undefined) parts.push({ sql: 'reason = ?', values: [reason] });
  if (parts.length === 0) return null;
  const sql = parts.map((part) => part.sql).join(' AND ');
  return {
    sql: `EXISTS (SELECT 1 FROM recipient WHERE message = id AND ${sql})`,
    values: parts.flatMap((part) => part.values),
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
