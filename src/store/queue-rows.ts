/**
 * A message of the queue and its recipients as rows of tables and back.
 *
 * The words of closed lists are taken as they are: a newer Spillway may know more of them.
 */
import type { Reply } from '../mail/reply.ts';
import type { Reason } from '../verdict/reasons.ts';
import {
  type MessageRecord,
  type MessageState,
  messageKinds,
  type NewRecipient,
  type QueuedMessage,
  type QueuedRecipient,
  type RecipientState,
} from './queue-store.ts';
import type { Row } from './sqlite-statements.ts';
import { decode } from './stored-text.ts';

export type MessageDetails = Pick<MessageRecord, 'sender' | 'client' | 'proof'>;
export type RecipientDetails = Pick<NewRecipient, 'original' | 'notify' | 'orcpt'>;

export function detailsOfMessage({ sender, client, proof }: MessageDetails): string {
  return JSON.stringify({ sender, client, proof });
}

export function detailsOfRecipient({ original, notify, orcpt }: RecipientDetails): string {
  return JSON.stringify({ original, notify, orcpt });
}

/** Of `message` joined with `aside` and `claim`. */
export function toMessage(row: Row, recipients: readonly QueuedRecipient[]): QueuedMessage {
  const { sender, client, proof }: MessageDetails = JSON.parse(String(row['details']));
  return {
    id: Number(row['id']),
    kind: messageKinds.find((kind) => kind === row['kind']) ?? 'mail',
    receivedAt: Number(row['received_at']),
    expiresAt: Number(row['expires_at']),
    sender,
    client,
    proof,
    size: Number(row['size']),
    state: (row['state'] ?? 'queued') as MessageState,
    keptUntil: nullable(row['kept_until'], Number),
    isClaimed: row['instance'] !== null,
    recipients,
  };
}

export function toRecipient(row: Row): QueuedRecipient {
  const { original, notify, orcpt }: RecipientDetails = JSON.parse(String(row['details']));
  return {
    forwardPath: decode(row['forward_path']) ?? '',
    notify,
    orcpt,
    original,
    domain: decode(row['domain']) ?? '',
    index: Number(row['place']),
    state: row['state'] as RecipientState,
    attempts: Number(row['attempts']),
    dueAt: Number(row['due_at']),
    reply: nullable(row['reply'], (text): Reply => JSON.parse(String(text))),
    reason: row['reason'] as Reason | null,
    delayTold: row['delay_told'] !== 0,
    failureTold: row['failure_told'] !== 0,
  };
}

function nullable<Result>(
  value: Row[string] | undefined,
  read: (value: NonNullable<Row[string]>) => Result,
): Result | null {
  return value === null || value === undefined ? null : read(value);
}
