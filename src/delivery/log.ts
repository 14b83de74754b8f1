/**
 * What the delivery writes into the log: a line for each recipient and attempt. pino's shape.
 */
import { printable } from '../mail/printable.ts';
import { formatQueueId, type QueueId } from '../mail/queue-id.ts';
import { formatReply } from '../mail/reply.ts';
import type { Outcome, Tried } from './outcomes.ts';

export interface DeliveryLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** `delay`: ms from acceptance until now. */
export function logTried(log: DeliveryLog, id: QueueId, delay: number, tried: Tried): void {
  const { recipient, hop, outcome, reply, reason, peer } = tried;
  const details = {
    id: formatQueueId(id),
    to: printable(recipient.forwardPath),
    hop: printable(hop.key),
    peer: peer === null ? null : printable(peer),
    delay,
    attempt: recipient.attempts + 1,
    reply: printable(formatReply(reply)),
    ...(reason === null ? {} : { reason }),
  };
  log.info(details, outcome);
}

/** It was tried for as long as it may be. */
export function logExpired(log: DeliveryLog, id: QueueId, delay: number, outcome: Outcome): void {
  const { event, reply } = outcome;
  if (event?.action !== 'failed' || outcome.reason !== 'expired') return;
  const to = printable(event.recipient.forwardPath);
  const words = reply === null ? null : printable(formatReply(reply));
  log.info({ id: formatQueueId(id), to, delay, reply: words, reason: outcome.reason }, 'failed');
}
