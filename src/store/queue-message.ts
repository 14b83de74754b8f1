/**
 * Puts messages into the tables of the queue, takes them out and reads them.
 */
import type { QueueId } from '../mail/queue-id.ts';
import { removeBody } from './queue-content.ts';
import { detailsOfMessage, detailsOfRecipient, toMessage, toRecipient } from './queue-rows.ts';
import { schedule } from './queue-schedule.ts';
import type {
  MessageRecord,
  MessageState,
  NewRecipient,
  QueuedMessage,
  QueuedRecipient,
} from './queue-store.ts';
import type { QueueTransaction } from './queue-transaction.ts';
import type { Row, Statements } from './sqlite-statements.ts';
import { encode } from './stored-text.ts';

export interface InsertedMessage {
  readonly message: MessageRecord;
  readonly recipients: readonly NewRecipient[];
  /** Head, and body where `body` is null. */
  readonly content: Uint8Array;
  readonly body: number | null;
  readonly claim: boolean;
}

/** Due at once. */
export function insertMessage(transaction: QueueTransaction, inserted: InsertedMessage): void {
  const { message, recipients, content, body, claim } = inserted;
  if (recipients.length === 0) throw new Error('it has no recipient');
  transaction.run(
    `INSERT INTO message (id, kind, received_at, expires_at, size, reverse_path, details, body, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, zeroblob(0)))`,
    message.id,
    message.kind,
    message.receivedAt,
    message.expiresAt,
    message.size,
    encode(message.sender.reversePath),
    detailsOfMessage(message),
    body,
    content,
  );
  for (const [place, recipient] of recipients.entries())
    insertRecipient(transaction, message, place, recipient);
  if (claim) {
    const { run, instance } = transaction;
    run('INSERT INTO claim (message, instance) VALUES (?, ?)', message.id, instance);
  } else schedule(transaction, message.id);
  transaction.gained.queued++;
  transaction.lastId = Math.max(transaction.lastId, message.id);
}

function insertRecipient(
  { run }: QueueTransaction,
  { id, receivedAt }: MessageRecord,
  place: number,
  recipient: NewRecipient,
): void {
  run(
    `INSERT INTO recipient
       (message, place, state, attempts, due_at, domain, forward_path, delay_told, details)
     VALUES (?, ?, 'waiting', 0, ?, ?, ?, 0, ?)`,
    id,
    place,
    receivedAt,
    encode(recipient.domain),
    encode(recipient.forwardPath),
    detailsOfRecipient(recipient),
  );
}

/** With everything that belongs to it. It must not be scheduled any more. */
export function removeMessage(
  transaction: QueueTransaction,
  id: QueueId,
  state: MessageState,
): void {
  const { run, gained } = transaction;
  const body = transaction.number('DELETE FROM message WHERE id = ? RETURNING body', id);
  if (body !== null) removeBody(transaction, body);
  run('DELETE FROM recipient WHERE message = ?', id);
  if (state !== 'queued') run('DELETE FROM aside WHERE message = ?', id);
  gained[state]--;
}

/** Null where there is none of that id. */
export function readMessage(statements: Statements, id: QueueId): QueuedMessage | null {
  const row = statements.get(
    `SELECT message.id, kind, received_at, expires_at, size, details, state, kept_until, instance
     FROM message LEFT JOIN aside ON aside.message = id LEFT JOIN claim ON claim.message = id
     WHERE id = ?`,
    id,
  );
  return row ? toMessage(row, readRecipients(statements, id)) : null;
}

function readRecipients({ all }: Statements, id: QueueId): QueuedRecipient[] {
  return all('SELECT * FROM recipient WHERE message = ? ORDER BY place', id).map(toRecipient);
}

export interface Standing {
  readonly state: MessageState;
  readonly wasHeld: boolean;
  readonly isClaimed: boolean;
}

/** Where a message stands; null where there is none of that id. */
export function readStanding({ get }: Statements, id: QueueId): Standing | null {
  const row: Row | undefined = get(
    `SELECT state, was_held, instance
     FROM message LEFT JOIN aside ON aside.message = id LEFT JOIN claim ON claim.message = id
     WHERE id = ?`,
    id,
  );
  if (!row) return null;
  return {
    state: (row['state'] ?? 'queued') as MessageState,
    wasHeld: row['was_held'] === 1,
    isClaimed: row['instance'] !== null,
  };
}
