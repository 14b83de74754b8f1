/**
 * May this failure be reported at all? Asked before the route of the sender is.
 *
 * RFC 5321 §4.5.5 and §6.1 (never about a notice), RFC 3461 §4.1 (NOTIFY), RFC 5321 §6.2 (dropping).
 * We report only to a sender who is proved: everything else is backscatter.
 */
import type { NoticeOrigin } from './notice-origin.ts';
import { type Reason, reasonWords } from './reasons.ts';
import { describeProof } from './sender-proof.ts';
import type { Verdict } from './verdict.ts';

export const noticePolicies = ['never', 'proved', 'always'] as const;
export type NoticePolicy = (typeof noticePolicies)[number];

export interface NoticeLimits {
  readonly policy: NoticePolicy;
  /** Most notices to one claimed sender, and to all, within an hour. */
  readonly perSender: number;
  readonly inAll: number;
  /** Most that wait to be delivered: beyond that none is written until half of them are gone. */
  readonly backlog: number;
}

export const defaultNoticeLimits: NoticeLimits = {
  policy: 'proved',
  perSender: 20,
  inAll: 1000,
  backlog: 1000,
};

/** RFC 5321 §4.5.5: whatever the operator sets, nobody is told of the failure of a notice. */
export function isReportable(reversePath: string): boolean {
  return reversePath !== '';
}

/**
 * What follows from the verdict on a notice, or on the mailbox it goes to. `wait`: nothing can be told
 * at the moment. `mayWait`: there is time left for that.
 */
export function followNotice({ action, reason }: Verdict, mayWait: boolean): NoticeCourse {
  if (action === 'accept') return 'write';
  if (action !== 'defer') return 'drop';
  // DNS may not know the sender's domain at the moment. The notice waits in the queue for that: its
  // route is judged again before it is delivered, and it fails there if it leads nowhere.
  if (reason !== 'internal-error') return 'write';
  return mayWait ? 'wait' : 'drop';
}

export type NoticeCourse = 'write' | 'drop' | 'wait';

/** Null: nothing speaks against it, now the route to the sender counts. */
export function judgeNotice(origin: NoticeOrigin, limits: NoticeLimits): Verdict | null {
  const proved = describeProof(origin.proof);
  const end = (reason: Reason, ...more: string[]): Verdict => ({
    action: 'discard',
    reply: null,
    reason,
    steps: [proved ?? 'nothing proves the sender', ...more, reasonWords[reason]],
  });
  if (!isReportable(origin.reversePath)) return end('notice-about-notice');
  if (!origin.isWanted) return end('notice-unwanted');
  if (limits.policy === 'never') return end('notices-off');
  if (limits.policy === 'proved' && proved === null) return end('sender-unproved');
  if (origin.toSender >= limits.perSender)
    return end('notice-cap', `${origin.toSender} notices went to this sender within an hour`);
  if (origin.toAll >= limits.inAll)
    return end('notice-storm', `${origin.toAll} notices were written within an hour`);
  if (origin.backlog !== null)
    return end('notice-storm', `${origin.backlog} notices or more wait to be delivered`);
  return null;
}

/** Whether too many notices wait: from the limit on until half of it, so that it does not flutter. */
export function isBacklog(waiting: number, wasBacklog: boolean, limit: number): boolean {
  return waiting >= (wasBacklog ? Math.ceil(limit / 2) : limit);
}
