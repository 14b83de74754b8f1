/**
 * The end of an attempt, in the tables of the queue.
 */
import { formatQueueId, type QueueId } from '../mail/queue-id.ts';
import { readStanding, removeMessage } from './queue-message.ts';
import { schedule } from './queue-schedule.ts';
import type { RecipientOutcome } from './queue-store.ts';
import type { QueueTransaction } from './queue-transaction.ts';

/** Throws where the message is not claimed by this process: its outcome is not ours to tell. */
export function settleAttempt(
  transaction: QueueTransaction,
  id: QueueId,
  outcomes: readonly RecipientOutcome[],
  keepUntil: number | null,
): void {
  const claim = endClaim(transaction, id);
  if (!claim) throw new Error(`${formatQueueId(id)} is not claimed by this process`);
  if (keepUntil === null && isOver(transaction, id, outcomes)) {
    const state = readStanding(transaction, id)?.state ?? 'queued';
    removeMessage(transaction, id, state);
    return;
  }
  for (const outcome of outcomes) write(transaction, id, outcome);
  finish(transaction, id, claim.retryAt, keepUntil);
}

/** Does nothing where the message is not claimed by this process. */
export function giveBack(transaction: QueueTransaction, id: QueueId): void {
  const claim = endClaim(transaction, id);
  if (claim) finish(transaction, id, claim.retryAt, null);
}

interface EndedClaim {
  readonly retryAt: number | null;
}

function endClaim({ get, instance }: QueueTransaction, id: QueueId): EndedClaim | null {
  const row = get(
    'DELETE FROM claim WHERE message = ? AND instance = ? RETURNING retry_at',
    id,
    instance,
  );
  if (!row) return null;
  return { retryAt: row['retry_at'] === null ? null : Number(row['retry_at']) };
}

/** Whether the outcomes leave none of its recipients waiting. */
function isOver(
  { all }: QueueTransaction,
  id: QueueId,
  outcomes: readonly RecipientOutcome[],
): boolean {
  const over = new Set<number>();
  for (const { index, state } of outcomes) {
    if (state === 'waiting') return false;
    over.add(index);
  }
  return all("SELECT place FROM recipient WHERE message = ? AND state = 'waiting'", id).every(
    ({ place }) => over.has(Number(place)),
  );
}

/** What was delivered stays delivered. */
function write({ run }: QueueTransaction, id: QueueId, outcome: RecipientOutcome): void {
  run(
    `UPDATE recipient SET state = ?, attempts = ?, due_at = ?, reply = ?, reason = ?, delay_told = ?,
       failure_told = ?
     WHERE message = ? AND place = ? AND state <> 'delivered'`,
    outcome.state,
    outcome.attempts,
    outcome.dueAt,
    outcome.reply && JSON.stringify(outcome.reply),
    outcome.reason,
    outcome.delayTold ? 1 : 0,
    outcome.failureTold ? 1 : 0,
    id,
    outcome.index,
  );
}

/** A message that nobody delivers any more: it waits again, or it is over. The operator's word stands. */
export function finish(
  transaction: QueueTransaction,
  id: QueueId,
  retryAt: number | null,
  keepUntil: number | null,
): void {
  const { run, gained } = transaction;
  const standing = readStanding(transaction, id);
  if (!standing) return;
  const { state } = standing;
  if (stillWaits(transaction, id)) {
    if (retryAt !== null) dueBy(transaction, id, retryAt);
    if (state === 'queued') schedule(transaction, id);
  } else if (keepUntil === null) removeMessage(transaction, id, state);
  else if (state !== 'purged') {
    run(
      `INSERT INTO aside (message, state, kept_until, was_held) VALUES (?, 'kept', ?, 0)
       ON CONFLICT DO UPDATE SET state = excluded.state, kept_until = excluded.kept_until`,
      id,
      keepUntil,
    );
    gained[state]--;
    gained.kept++;
  }
}

export function stillWaits({ number }: QueueTransaction, id: QueueId): boolean {
  const sql = "SELECT 1 FROM recipient WHERE message = ? AND state = 'waiting' LIMIT 1";
  return number(sql, id) !== null;
}

/** Whatever waits longer is due at that time. */
export function dueBy({ run }: QueueTransaction, id: QueueId, at: number): void {
  run(
    "UPDATE recipient SET due_at = ?1 WHERE message = ?2 AND state = 'waiting' AND due_at > ?1",
    at,
    id,
  );
}
