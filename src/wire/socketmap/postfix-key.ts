/**
 * What Postfix asks of the socket map `postfix_transport` in transport_maps, and what it obeys.
 *
 * Proved on Postfix 3.7.11 by test/peers/guard-postfix.test.ts: it asks for `*` and for whole
 * addresses, of senders and of recipients alike, and does not say which it is or whose message it is
 * about; bare domains are never asked for in a table of this kind. A domain in another table counts
 * only after the whole address was found nowhere, so what we answer stands above it.
 *
 * Hence no answer may take ordinary mail away. `error:` fits both: the sender of ordinary mail hears of
 * it, and of a notice that cannot be delivered Postfix tells nobody. It is said of dead ends only; for
 * anything else the map has nothing, and the other tables count.
 */
import { parseAddress } from '../../mail/address.ts';
import { replies } from '../../mail/reply.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import { found, notFound, temporary } from './replies.ts';

/** The name of the map. */
export const postfixTransport = 'postfix_transport';

/** The address to judge; null where nothing is to be judged. `key` has one character for each byte. */
export function parsePostfixKey(key: string): string | null {
  const text = Buffer.from(key, 'latin1').toString('utf8');
  return parseAddress(text).kind === 'mailbox' ? text : null;
}

/** The reply, `STATUS text` without the netstring; a deferral is for the failure mode `closed`. */
export function formatPostfixReply(verdict: Verdict | null): string {
  switch (verdict?.action) {
    case 'refuse': {
      const { status, text } = verdict.reply ?? replies.recipientBlackhole;
      return found(`error:${status} ${plain(text)}`);
    }
    case 'defer':
      return temporary(plain(verdict.reason));
    default:
      return notFound;
  }
}

function plain(text: string): string {
  return text
    .replace(/[^\u0020-\u007e]+/g, ' ')
    .trim()
    .slice(0, 400);
}
