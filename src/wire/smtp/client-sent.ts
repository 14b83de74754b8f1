/**
 * What a server's reply says about one recipient, or about all of a message.
 */
import { isPositive, type Reply } from '../../mail/reply.ts';

/**
 * `again`: the server took as many recipients as it likes; ask for this one in a next transaction.
 * `lost`: the conversation ended before the server could have taken the message.
 */
export interface Sent {
  readonly kind: 'taken' | 'failed' | 'deferred' | 'again' | 'lost';
  readonly reply: Reply;
}

/** The final reply. */
export function sentBy(reply: Reply): Sent {
  if (isPositive(reply)) return { kind: 'taken', reply };
  return { kind: reply.code < 500 ? 'deferred' : 'failed', reply };
}

/**
 * The reply to RCPT, other than 2xx. `hasOthers`: another recipient was accepted before.
 *
 * RFC 5321 §4.5.3.1.10: 452, and 552 of old servers, may say that there were enough of them.
 */
export function refusedBy(reply: Reply, hasOthers: boolean): Sent {
  const isEnough = /^[45]\.(?:0\.0|5\.3)$/.test(reply.status);
  if (hasOthers && isEnough && (reply.code === 452 || reply.code === 552))
    return { kind: 'again', reply };
  return { kind: reply.code < 500 ? 'deferred' : 'failed', reply };
}

/** A refusal of the connection, or of RSET, says nothing about the message: temporary at most. */
export function madeTemporary(reply: Reply): Reply {
  return reply.code < 500
    ? reply
    : { ...reply, code: 451, status: reply.status.replace(/^5/, '4') };
}
