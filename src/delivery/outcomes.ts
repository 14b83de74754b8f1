/**
 * What an attempt made of the recipients of a message: what is written down, and what is reported.
 *
 * RFC 3461 §5.2 (which reports are wanted when), RFC 3463 (4.4.7, delivery time expired).
 */
import type { NoticeAction } from '../mail/notice.ts';
import { formatReply, type Reply } from '../mail/reply.ts';
import type { MessageRecord, QueuedRecipient, RecipientOutcome } from '../store/queue-store.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { Hop } from './next-hop.ts';
import { nextAttemptAt, type RetrySchedule } from './retry.ts';
import type { RecipientResult } from './transport.ts';

/** A recipient that was tried. */
export interface Tried {
  readonly recipient: QueuedRecipient;
  readonly hop: Hop;
  readonly outcome: RecipientResult['outcome'];
  readonly reply: Reply;
  readonly reason: Reason | null;
  /** Who answered; null: nobody, or a verdict of ours. */
  readonly peer: string | null;
}

/** A recipient whose next hop is down: nothing was tried, and it waits until then. */
export interface Postponed {
  readonly recipient: QueuedRecipient;
  readonly hop: Hop;
  /** ms since 1970. */
  readonly until: number;
  /** What the next hop said last. */
  readonly last: LastWords;
}

export interface LastWords {
  readonly reply: Reply;
  readonly reason: Reason | null;
  readonly peer: string | null;
}

/** Something the sender may want to know. */
export interface Event extends LastWords {
  readonly recipient: QueuedRecipient;
  readonly action: NoticeAction;
  /** Of what happened, where it is not that of the reply; null where it is. */
  readonly status: string | null;
  /** NOTIFY asks for it, or does not speak against it. */
  readonly isWanted: boolean;
}

export interface Outcome extends RecipientOutcome {
  readonly event: Event | null;
}

export interface OutcomeRules {
  readonly schedule: RetrySchedule;
  /** ms in the queue after which the sender is told of the delay, once. */
  readonly delayAfter: number;
  /** Tell of a delay also where NOTIFY did not ask for it. */
  readonly tellsDelay: boolean;
}

export interface Moment {
  /** ms since 1970. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

export function outcomeOfTried(
  tried: Tried,
  message: MessageRecord,
  rules: OutcomeRules,
  { now, random }: Moment,
): Outcome {
  const { recipient, hop, outcome, reply, reason } = tried;
  const attempts = recipient.attempts + 1;
  // A verdict of ours is in our words, whoever was connected to.
  const peer = reason === null ? tried.peer : null;
  switch (outcome) {
    case 'delivered':
    case 'relayed': {
      const action = actionOf(outcome, hop);
      const isWanted = action !== null && (recipient.notify?.includes('success') ?? false);
      const event = isWanted
        ? { recipient, action, isWanted, status: null, reply, reason, peer }
        : null;
      return { ...keptOf(recipient), state: 'delivered', attempts, reply, reason, event };
    }
    case 'failed':
      return failed(recipient, attempts, { reply, reason, peer });
    case 'deferred': {
      const dueAt = nextAttemptAt(rules.schedule, attempts, now, message.expiresAt, random);
      const last = { reply, reason, peer };
      return waits({ ...recipient, attempts, dueAt }, last, message, rules, now);
    }
  }
}

export function outcomeOfPostponed(
  { recipient, until, last }: Postponed,
  message: MessageRecord,
  rules: OutcomeRules,
  now: number,
): Outcome {
  const dueAt = now < message.expiresAt ? Math.min(until, message.expiresAt) : until;
  return waits({ ...recipient, dueAt }, last, message, rules, now);
}

/** The failure stays undecided: whether it may be reported cannot be told at the moment. */
export function outcomeOfUndecided(
  outcome: Outcome,
  message: MessageRecord,
  rules: OutcomeRules,
  { now, random }: Moment,
): Outcome {
  const delayTold = outcome.delayTold && outcome.event?.action !== 'delayed';
  if (outcome.state !== 'failed') return { ...outcome, delayTold, event: null };
  const attempts = Math.max(outcome.attempts, 1);
  const dueAt = nextAttemptAt(rules.schedule, attempts, now, message.expiresAt, random);
  return { ...outcome, state: 'waiting', dueAt, event: null };
}

function waits(
  recipient: QueuedRecipient,
  last: LastWords,
  message: MessageRecord,
  rules: OutcomeRules,
  now: number,
): Outcome {
  const { attempts } = recipient;
  if (now >= message.expiresAt) return expired(recipient, last, now - message.receivedAt);
  const tells = !recipient.delayTold && now - message.receivedAt >= rules.delayAfter;
  const isWanted = recipient.notify?.includes('delay') ?? rules.tellsDelay;
  const event =
    tells && isWanted
      ? { recipient, action: 'delayed' as const, isWanted, status: null, ...last }
      : null;
  const { reply, reason } = last;
  const delayTold = recipient.delayTold || event !== null;
  return { ...keptOf(recipient), state: 'waiting', attempts, delayTold, reply, reason, event };
}

function failed(recipient: QueuedRecipient, attempts: number, last: LastWords): Outcome {
  const isWanted = recipient.notify?.includes('failure') ?? true;
  const event = { recipient, action: 'failed' as const, isWanted, status: null, ...last };
  const { reply, reason } = last;
  return { ...keptOf(recipient), state: 'failed', attempts, reply, reason, event };
}

/** RFC 3463 §3.5: 4.4.7, delivery time expired. The sender is told what the next hop said at last. */
function expired(recipient: QueuedRecipient, last: LastWords, age: number): Outcome {
  const text = `Not delivered within ${describeAge(age)}; at last: ${formatReply(last.reply)}`;
  const reply: Reply = { code: 451, status: '4.4.7', text };
  const outcome = failed(recipient, recipient.attempts, last);
  const event = outcome.event && {
    ...outcome.event,
    status: reply.status,
    reason: 'expired' as const,
  };
  return { ...outcome, reply, reason: 'expired', event };
}

function keptOf({ index, dueAt, delayTold, failureTold }: QueuedRecipient) {
  return { index, dueAt, delayTold, failureTold };
}

/**
 * An LMTP server and a Maildir deliver for good, and nobody after them sends a report. An SMTP server
 * that does DSN was asked to report itself (RFC 3461 §5.2.1): then there is nothing to say here.
 */
function actionOf(outcome: 'delivered' | 'relayed', hop: Hop): NoticeAction | null {
  if (hop.kind === 'maildir' || hop.kind === 'lmtp') return 'delivered';
  return outcome === 'relayed' ? 'relayed' : null;
}

function describeAge(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return hours >= 2 ? `${hours} hours` : `${Math.max(1, Math.round(ms / 60_000))} minutes`;
}
