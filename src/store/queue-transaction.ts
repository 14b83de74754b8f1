/**
 * One transaction on the queue's tables, and the sums that are brought up to date at its end.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { MessageState } from './queue-store.ts';
import { inTransaction } from './sqlite-file.ts';
import type { Statements } from './sqlite-statements.ts';

export interface QueueTransaction extends Statements {
  /** Names this process. */
  readonly instance: number;
  /** Domains, as they are stored, whose earliest due time may have changed. */
  readonly touched: Set<string>;
  /** How many messages each state gained or lost. */
  readonly gained: { [State in MessageState]: number };
  /** The largest that was given in this transaction. */
  lastId: number;
}

export function runTransaction<Result>(
  database: DatabaseSync,
  statements: Statements,
  instance: number,
  run: (transaction: QueueTransaction) => Result,
): Result {
  const transaction: QueueTransaction = {
    ...statements,
    instance,
    touched: new Set(),
    gained: { queued: 0, held: 0, purged: 0, kept: 0 },
    lastId: 0,
  };
  return inTransaction(database, () => {
    const result = run(transaction);
    for (const domain of transaction.touched) renewDomain(transaction, domain);
    renewTotal(transaction);
    return result;
  });
}

function renewDomain(transaction: QueueTransaction, domain: string): void {
  const at = transaction.number('SELECT at FROM due WHERE domain = ? ORDER BY at LIMIT 1', domain);
  if (at === null) transaction.run('DELETE FROM domain WHERE name = ?', domain);
  else {
    transaction.run(
      `INSERT INTO domain (name, due_at) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at WHERE due_at <> excluded.due_at`,
      domain,
      at,
    );
  }
}

function renewTotal({ run, gained, lastId }: QueueTransaction): void {
  const { queued, held, purged, kept } = gained;
  if (lastId === 0 && queued === 0 && held === 0 && purged === 0 && kept === 0) return;
  run(
    `UPDATE total SET last_id = max(last_id, ?), queued = queued + ?, held = held + ?,
       purged = purged + ?, kept = kept + ?`,
    lastId,
    queued,
    held,
    purged,
    kept,
  );
}
