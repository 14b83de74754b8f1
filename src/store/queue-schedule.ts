/**
 * Which message is due when, for each domain: rows in `due` for whatever is queued and not claimed.
 */
import type { QueueId } from '../mail/queue-id.ts';
import type { QueueTransaction } from './queue-transaction.ts';
import type { Row, Statements } from './sqlite-statements.ts';
import { encode } from './stored-text.ts';

/** Has to be called before and after anything that changes for what a message waits. */
export function schedule(transaction: QueueTransaction, id: QueueId): void {
  for (const { domain, at } of waiting(transaction, id)) {
    transaction.run('INSERT INTO due (domain, at, message) VALUES (?, ?, ?)', domain, at, id);
    transaction.touched.add(domain);
  }
}

export function unschedule(transaction: QueueTransaction, id: QueueId): void {
  for (const { domain, at } of waiting(transaction, id)) {
    const { run, touched } = transaction;
    run('DELETE FROM due WHERE domain = ? AND at = ? AND message = ?', domain, at, id);
    touched.add(domain);
  }
}

export interface WaitingDomain {
  /** As it is stored. */
  readonly domain: string;
  readonly at: number;
}

/** For what the message waits, whether it is scheduled or not. */
export function waiting({ all }: Statements, id: QueueId): WaitingDomain[] {
  return all(
    `SELECT domain, min(due_at) AS at FROM recipient
     WHERE message = ? AND state = 'waiting' GROUP BY domain`,
    id,
  ).map((row: Row) => ({ domain: String(row['domain']), at: Number(row['at']) }));
}

/** When the next one is due, domains in `except` left out; null where none is. */
export function nextDue({ all }: Statements, except: readonly string[]): number | null {
  const left = new Set(except.map((domain) => encode(domain)));
  const row = all(
    'SELECT name, due_at FROM domain ORDER BY due_at, name LIMIT ?',
    left.size + 1,
  ).find(({ name }) => !left.has(String(name)));
  return row ? Number(row['due_at']) : null;
}
