/**
 * Hands a shipment to servers that speak SMTP or LMTP.
 *
 * Recipients that one transaction did not ask for, or that the server had enough of, go into the next
 * one at once. A connection that breaks before the content is complete costs nothing but the next
 * address; one that breaks after it leaves in doubt what happened, and that is a deferral.
 */

import type { Reply } from '../mail/reply.ts';
import { needsLook, writeEnvelope } from '../wire/smtp/client-envelope.ts';
import { type ContentFacts, createContentLook } from '../wire/smtp/client-look.ts';
import type { Sent } from '../wire/smtp/client-sent.ts';
import { createTransaction, type Transaction } from '../wire/smtp/client-transaction.ts';
import { clientWords } from '../wire/smtp/client-words.ts';
import type { SmtpConnection } from './smtp-connection.ts';
import type { SmtpHop } from './smtp-hop.ts';
import { type LineParts, SmtpLines } from './smtp-lines.ts';
import type {
  Delivered,
  RecipientResult,
  Shipment,
  ShippedRecipient,
  Transport,
} from './transport.ts';

export interface SmtpTransportOptions extends LineParts {
  /** Recipients of one transaction, where the server does not tell its limit. */
  readonly maxRecipients: number;
}

export function createSmtpTransport(hop: SmtpHop, options: SmtpTransportOptions): Transport {
  return { deliver: (shipment, signal) => deliver(hop, options, shipment, signal) };
}

async function deliver(
  hop: SmtpHop,
  options: SmtpTransportOptions,
  shipment: Shipment,
  signal: AbortSignal,
): Promise<Delivered> {
  const results: RecipientResult[] = [];
  const lines = new SmtpLines(hop, shipment, options);
  let pending = shipment.recipients;
  let isDown = false;

  while (pending.length > 0) {
    const line = await lines.next(signal);
    if (line.kind === 'nowhere') {
      const { outcome, reply, reason } = line;
      isDown = line.isDown;
      for (const { index } of pending) results.push({ index, outcome, reply, reason });
      break;
    }
    const { connection } = line;
    let last: Attempt;
    do {
      const most = Math.min(options.maxRecipients, connection.offer.maxRecipients ?? Infinity);
      const now = pending.slice(0, most);
      last = await attempt(hop, connection, shipment, now, signal);
      results.push(...last.results);
      pending = [...last.rest, ...pending.slice(most)];
      if (last.results.length > 0 && pending.length > 0) lines.gotThrough();
    } while (pending.length > 0 && last.trouble === null && connection.isOpen);
    isDown = last.isDown;
    if (last.trouble) {
      if (signal.aborted) {
        for (const { index } of pending) results.push(deferred(index, clientWords.stopping));
        isDown = false;
        break;
      }
      lines.broke(last.trouble);
    } else lines.giveBack(connection);
  }
  return { results, peer: lines.peer, isDown };
}

interface Attempt {
  readonly results: readonly RecipientResult[];
  /** Nothing is decided about these. */
  readonly rest: readonly ShippedRecipient[];
  /** Why the connection broke before it took the message. */
  readonly trouble: Reply | null;
  readonly isDown: boolean;
}

async function attempt(
  hop: SmtpHop,
  connection: SmtpConnection,
  shipment: Shipment,
  recipients: readonly ShippedRecipient[],
  signal: AbortSignal,
): Promise<Attempt> {
  const { offer } = connection;
  const { sender, size } = shipment;
  let facts: ContentFacts | null = null;
  if (needsLook(sender, offer)) {
    try {
      facts = await lookInside(shipment);
    } catch {
      return allOf(recipients, 'deferred', clientWords.unreadable);
    }
  }
  const envelope = writeEnvelope({ sender, recipients, size }, offer, facts);
  if ('code' in envelope) return allOf(recipients, 'failed', envelope);
  const { protocol } = hop;
  const needsReset = connection.mustReset;
  const transaction = createTransaction({
    envelope,
    offer,
    protocol,
    needsReset,
    isEnquiry: false,
  });
  if (envelope.rcpt.some((rcpt) => typeof rcpt === 'string')) {
    const content = { size, pieces: () => shipment.content() };
    await connection.transact(transaction, content, signal);
  }
  const isFinal = offer.dsn || protocol === 'lmtp';
  return concludeAttempt(transaction, recipients, isFinal ? 'delivered' : 'relayed');
}

function concludeAttempt(
  transaction: Transaction,
  recipients: readonly ShippedRecipient[],
  success: 'delivered' | 'relayed',
): Attempt {
  const results: RecipientResult[] = [];
  const rest: ShippedRecipient[] = [];
  let trouble: Reply | null = null;
  let isDown = false;
  for (const [i, recipient] of recipients.entries()) {
    const sent = transaction.sent[i];
    // Our own trouble: no other server would change it.
    const isOurs = sent?.reply === clientWords.unreadable;
    if (!sent || sent.kind === 'again') rest.push(recipient);
    else if (sent.kind === 'lost' && !isOurs) {
      trouble = sent.reply;
      rest.push(recipient);
    } else results.push(resultOf(recipient.index, sent, success));
    if (sent?.kind === 'deferred') isDown ||= !transaction.canGoOn;
  }
  return { results, rest, trouble, isDown: isDown || trouble !== null };
}

function resultOf(
  index: number,
  { kind, reply }: Sent,
  success: 'delivered' | 'relayed',
): RecipientResult {
  const outcome = kind === 'taken' ? success : kind === 'failed' ? 'failed' : 'deferred';
  return { index, outcome, reply, reason: null };
}

function deferred(index: number, reply: Reply): RecipientResult {
  return { index, outcome: 'deferred', reply, reason: null };
}

function allOf(
  recipients: readonly ShippedRecipient[],
  outcome: 'failed' | 'deferred',
  reply: Reply,
): Attempt {
  const results = recipients.map(({ index }) => ({ index, outcome, reply, reason: null }));
  return { results, rest: [], trouble: null, isDown: false };
}

async function lookInside(shipment: Shipment): Promise<ContentFacts> {
  const look = createContentLook();
  for await (const piece of shipment.content()) look.push(piece);
  return look.end();
}
