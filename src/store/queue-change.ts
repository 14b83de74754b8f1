/**
 * What the operator does to messages, and what time does to those that he put aside.
 */
import type { QueueId } from '../mail/queue-id.ts';
import { removeBody } from './queue-content.ts';
import { readStanding, removeMessage, type Standing } from './queue-message.ts';
import { schedule, unschedule } from './queue-schedule.ts';
import { dueBy, finish, stillWaits } from './queue-settle.ts';
import type { MessageState, QueueChange } from './queue-store.ts';
import type { QueueTransaction } from './queue-transaction.ts';

const from: { readonly [Change in QueueChange]: readonly MessageState[] } = {
  hold: ['queued'],
  release: ['held'],
  retry: ['queued'],
  purge: ['queued', 'held'],
  undo: ['purged', 'kept'],
};

/** Whether it made sense for that message. A claimed one is changed at once; its attempt goes on. */
export function changeMessage(
  transaction: QueueTransaction,
  change: QueueChange,
  id: QueueId,
  now: number,
  until: number,
): boolean {
  const standing = readStanding(transaction, id);
  if (!standing || !from[change].includes(standing.state)) return false;
  const { isClaimed } = standing;
  switch (change) {
    case 'hold':
      move(transaction, id, standing, 'held', null);
      break;
    case 'release':
      move(transaction, id, standing, 'queued', null);
      break;
    case 'purge':
      move(transaction, id, standing, 'purged', until);
      break;
    case 'retry':
      if (isClaimed) transaction.run('UPDATE claim SET retry_at = ? WHERE message = ?', now, id);
      else {
        unschedule(transaction, id);
        dueBy(transaction, id, now);
        schedule(transaction, id);
      }
      break;
    case 'undo':
      if (!stillWaits(transaction, id)) waitAgain(transaction, id, now);
      move(transaction, id, standing, standing.wasHeld ? 'held' : 'queued', null);
      break;
  }
  return true;
}

function move(
  transaction: QueueTransaction,
  id: QueueId,
  { state, isClaimed }: Standing,
  to: MessageState,
  until: number | null,
): void {
  const { run, gained } = transaction;
  if (state === 'queued' && !isClaimed) unschedule(transaction, id);
  if (to === 'queued') run('DELETE FROM aside WHERE message = ?', id);
  else {
    run(
      'INSERT OR REPLACE INTO aside (message, state, kept_until, was_held) VALUES (?, ?, ?, ?)',
      id,
      to,
      until,
      state === 'held' ? 1 : 0,
    );
  }
  if (to === 'queued' && !isClaimed) schedule(transaction, id);
  gained[state]--;
  gained[to]++;
}

function waitAgain({ run }: QueueTransaction, id: QueueId, now: number): void {
  run(
    "UPDATE recipient SET state = 'waiting', due_at = ? WHERE message = ? AND state = 'failed'",
    now,
    id,
  );
}

/** Removes at most `limit` of those whose time is over; the number removed. */
export function expireAside(transaction: QueueTransaction, now: number, limit: number): number {
  const over = transaction.all(
    `SELECT message, state FROM aside WHERE kept_until <= ?
       AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.message = aside.message)
     ORDER BY kept_until LIMIT ?`,
    now,
    limit,
  );
  for (const { message, state } of over)
    removeMessage(transaction, Number(message), state as MessageState);
  return over.length;
}

/** Ends at most `limit` claims and drafts of other processes; the number of both. */
export function recoverOthers(transaction: QueueTransaction, limit: number): number {
  const { all, run, instance } = transaction;
  const claims = all(
    'SELECT message, retry_at FROM claim WHERE instance <> ? LIMIT ?',
    instance,
    limit,
  );
  for (const { message, retry_at } of claims) {
    const id = Number(message);
    run('DELETE FROM claim WHERE message = ?', id);
    finish(transaction, id, retry_at === null ? null : Number(retry_at), null);
  }
  const drafts = all(
    'SELECT id FROM body WHERE instance IS NOT NULL AND instance <> ? LIMIT ?',
    instance,
    limit,
  );
  for (const { id } of drafts) removeBody(transaction, Number(id));
  return claims.length + drafts.length;
}
