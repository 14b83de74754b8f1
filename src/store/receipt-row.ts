/**
 * A receipt as a row of a table and back.
 */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Client } from '../mail/envelope.ts';
import type { Reply } from '../mail/reply.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { Adapter, Check, Receipt } from '../verdict/verdict.ts';
import type { StoredReceipt } from './journal-store.ts';
import { decode, encode } from './stored-text.ts';

export type Row = Record<string, SQLOutputValue>;

/** In the order of `toRow`. */
export const columns = [
  'from_at',
  'until_at',
  'count',
  'adapter',
  'question',
  'action',
  'enforced',
  'reason',
  'reply_code',
  'reply_status',
  'reply_text',
  'domain',
  'client_address',
  'client_name',
  'client_helo',
  'reverse_path',
  'forward_path',
  'queue_id',
  'steps',
] as const;

/** A client of whom nothing is known comes back as null. */
export function toRow(receipt: Receipt): SQLInputValue[] {
  const { reply, client, ...rest } = receipt;
  return [
    rest.from,
    rest.until,
    rest.count,
    rest.adapter,
    rest.check,
    rest.action,
    rest.enforced ? 1 : 0,
    rest.reason,
    reply?.code ?? null,
    encode(reply?.status ?? null),
    encode(reply?.text ?? null),
    encode(rest.domain),
    encode(client?.address ?? null),
    encode(client?.name ?? null),
    encode(client?.helo ?? null),
    encode(rest.reversePath),
    encode(rest.forwardPath),
    encode(rest.queueId),
    JSON.stringify(rest.steps),
  ];
}

/** The words of closed lists are taken as they are: a newer Spillway may know more of them. */
export function fromRow(row: Row): StoredReceipt {
  return {
    id: Number(row['id']),
    from: Number(row['from_at']),
    until: Number(row['until_at']),
    count: Number(row['count']),
    adapter: row['adapter'] as Adapter,
    check: row['question'] as Check,
    action: row['action'] as Receipt['action'],
    enforced: row['enforced'] !== 0,
    reason: row['reason'] as Reason,
    reply: replyOf(row),
    domain: decode(row['domain']),
    client: clientOf(row),
    reversePath: decode(row['reverse_path']),
    forwardPath: decode(row['forward_path']),
    queueId: decode(row['queue_id']),
    steps: stepsOf(row['steps']),
  };
}

function replyOf(row: Row): Reply | null {
  if (typeof row['reply_code'] !== 'number') return null;
  return {
    code: row['reply_code'],
    status: decode(row['reply_status']) ?? '',
    text: decode(row['reply_text']) ?? '',
  };
}

function clientOf(row: Row): Client | null {
  const address = decode(row['client_address']);
  const name = decode(row['client_name']);
  const helo = decode(row['client_helo']);
  return address === null && name === null && helo === null ? null : { address, name, helo };
}

function stepsOf(value: SQLOutputValue | undefined): string[] {
  const steps: unknown = typeof value === 'string' ? JSON.parse(value) : [];
  return Array.isArray(steps) ? steps.map(String) : [];
}
