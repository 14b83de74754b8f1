/**
 * What is to become of a message in a drowned queue: remove it, hold it, or leave it alone.
 *
 * RFC 5321 §4.5.5 and §6.1 (nobody is told of the failure of a notice), §6.2 (what may be dropped, with
 * a receipt). Doubt leaves: only what can never be delivered, and whose failure nobody could be told,
 * may go.
 */
import type { Reason } from './reasons.ts';
import type { Verdict } from './verdict.ts';

export const proposals = ['purge', 'hold', 'leave'] as const;
export type Proposal = (typeof proposals)[number];

/** What counts of a verdict here. */
type Answer = Pick<Verdict, 'action' | 'reason'>;

export interface EntryFacts {
  readonly isNotice: boolean;
  /** By the server or its admin. */
  readonly isHeld: boolean;
  /** Of the recipients that still wait: the answer to `notice` for notices, to `recipient` for other mail. */
  readonly recipients: readonly Answer[];
  /** The answer to `sender`; null for a notice. */
  readonly sender: Answer | null;
}

/** What an entry is, in one word; the causes of a rescue are made of these. */
export const entryKinds = [
  'lost-notice',
  'lost-mail',
  'stray-mail',
  'waiting-notice',
  'waiting-mail',
  'held-mail',
  'finished',
] as const;
export type EntryKind = (typeof entryKinds)[number];

export interface EntryVerdict {
  readonly kind: EntryKind;
  readonly proposal: Proposal;
  readonly reason: Reason;
  /** Position in `recipients` of the verdict that decided; null where none did. */
  readonly decisive: number | null;
}

export function judgeEntry({ isNotice, isHeld, recipients, sender }: EntryFacts): EntryVerdict {
  if (recipients.length === 0)
    return { kind: 'finished', proposal: 'leave', reason: 'delivered-already', decisive: null };
  const waits = recipients.findIndex((verdict) => !isDeadEnd(verdict));
  if (waits >= 0) return leave(isNotice, isHeld, recipients, waits);
  const { reason } = recipients[0] ?? { reason: 'internal-error' };
  const end = (kind: EntryKind, proposal: Proposal): EntryVerdict => ({
    kind,
    proposal,
    reason,
    decisive: 0,
  });
  if (isNotice) return end('lost-notice', 'purge');
  if (sender && isDeadEnd(sender)) return end('lost-mail', 'purge');
  // Its sender has to be told, which the server does when it gives up. Where the mail comes back to the
  // server itself, that never comes.
  return end('stray-mail', isHeld || !circles.has(reason) ? 'leave' : 'hold');
}

function leave(
  isNotice: boolean,
  isHeld: boolean,
  recipients: readonly Answer[],
  decisive: number,
): EntryVerdict {
  const reason = recipients[decisive]?.reason ?? 'internal-error';
  const kind = isHeld ? 'held-mail' : isNotice ? 'waiting-notice' : 'waiting-mail';
  return { kind, proposal: 'leave', reason, decisive };
}

/** What can change by itself is none. */
export function isDeadEnd({ action }: Pick<Verdict, 'action'>): boolean {
  return action === 'refuse' || action === 'discard';
}

/** Dead ends that lead back to the server that sends. */
export const circles: ReadonlySet<Reason> = new Set([
  'loopback',
  'self',
  'unspecified',
  'localhost',
  'own-name',
]);
