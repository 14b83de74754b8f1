/**
 * What Postfix asks of a table of the guard, and what it obeys; the protocol is another matter
 * (socketmap, tcp-table).
 *
 * Proved on Postfix 3.7.11 by test/peers/guard-postfix-tables.test.ts. In transport_maps it asks for
 * `*` and for whole addresses, of senders and of recipients alike, and does not say which it is or whose
 * message it is about; a domain in another table counts only after the whole address was found nowhere,
 * so what we answer stands above it. Hence no answer may take ordinary mail away. `error:` fits both: the
 * sender of ordinary mail hears of it, and of a notice that cannot be delivered Postfix tells nobody. It
 * is said of dead ends only; for anything else the table has nothing, and the other tables count.
 *
 * In access tables it asks for the whole address at RCPT, and for `<>` where there is no sender. Bare
 * domains are asked for in no table of these kinds.
 */
import { parseAddress } from '../../mail/address.ts';
import type { PostfixTable } from '../../mail/postfix-tables.ts';
import { replies } from '../../mail/reply.ts';
import type { Adapter, Circumstances, Question, Verdict } from '../../verdict/verdict.ts';
import { recipientAction, senderAction } from '../policy/actions.ts';

export type TableAnswer =
  /** One line of printable US-ASCII. */
  | { readonly kind: 'found'; readonly value: string }
  | { readonly kind: 'nothing' }
  /** For the failure mode `closed`, and for faults of ours. */
  | { readonly kind: 'temporary'; readonly why: string };

export const nothing: TableAnswer = { kind: 'nothing' };

/** Null where nothing is to be judged. `key` has one character for each byte. */
export function questionOf(
  table: PostfixTable,
  key: string,
  adapter: Extract<Adapter, 'socketmap' | 'tcp'>,
): Question | null {
  const path = Buffer.from(key, 'latin1').toString('utf8');
  if (parseAddress(path).kind !== 'mailbox') return null;
  const base: Circumstances = {
    adapter,
    client: null,
    reversePath: null,
    forwardPath: null,
    queueId: null,
  };
  switch (table) {
    case 'postfix_transport':
      return { ...base, check: 'recipient', forwardPath: path, nextHop: null };
    case 'postfix_sender':
      return { ...base, check: 'sender', reversePath: path, nextHop: null };
    case 'postfix_recipient':
      // Stands behind reject_unauth_destination, as a policy service does.
      return { ...base, check: 'mailbox', forwardPath: path, mayRelay: true, nextHop: null };
  }
}

export function answerOf(table: PostfixTable, verdict: Verdict): TableAnswer {
  if (verdict.action === 'accept') return nothing;
  switch (table) {
    case 'postfix_transport':
      return transportOf(verdict);
    case 'postfix_sender':
      return { kind: 'found', value: senderAction(verdict) };
    case 'postfix_recipient':
      return { kind: 'found', value: recipientAction(verdict) };
  }
}

function transportOf({ action, reply, reason }: Verdict): TableAnswer {
  switch (action) {
    case 'refuse': {
      const { status, text } = reply ?? replies.recipientBlackhole;
      return { kind: 'found', value: `error:${status} ${plain(text)}` };
    }
    case 'defer':
      return { kind: 'temporary', why: plain(reason) };
    default:
      return nothing;
  }
}

function plain(text: string): string {
  return text
    .replace(/[^\u0020-\u007e]+/g, ' ')
    .trim()
    .slice(0, 400);
}
