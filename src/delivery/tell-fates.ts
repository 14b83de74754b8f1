/**
 * What an attempt made of each recipient, as an observation of what happens to mail.
 */
import { isPositive } from '../mail/reply.ts';
import type { MessageRecord } from '../store/queue-store.ts';
import type { Observation } from '../verdict/flood/observation.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { Tried } from './outcomes.ts';

export type Observe = (observation: Observation) => void;

type Fate = Extract<Observation, { kind: 'fate' }>['outcome'];

/** `now`: ms since 1970. An alert is no part of the flood that it tells of. */
export function tellFates(
  observe: Observe,
  message: MessageRecord,
  tried: readonly Tried[],
  now: number,
): void {
  if (message.kind === 'alert') return;
  for (const one of tried)
    observe({
      kind: 'fate',
      at: now,
      client: message.client?.address ?? null,
      reversePath: message.sender.reversePath,
      forwardPath: one.recipient.forwardPath,
      outcome: fateOf(one, now >= message.expiresAt),
      bytes: isPositive(one.reply) ? message.size : 0,
      nextHop: one.peer,
    });
}

function fateOf({ reply, reason }: Tried, isExpired: boolean): Fate {
  if (reason !== null && circles.has(reason)) return 'returned';
  if (reason === null && isPositive(reply)) return 'delivered';
  if (reply.code >= 400 && reply.code < 500) return isExpired ? 'expired' : 'deferred';
  return reason === 'mailbox-unknown' || reply.status === '5.1.1' ? 'unknown' : 'failed';
}

const circles: ReadonlySet<Reason> = new Set(['greets-as-us', 'connects-to-us']);
