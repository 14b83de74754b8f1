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
}

export const defaultNoticeLimits: NoticeLimits = { policy: 'proved', perSender: 20, inAll: 1000 };

/** Null: nothing speaks against it, now the route to the sender counts. */
export function judgeNotice(origin: NoticeOrigin, limits: NoticeLimits): Verdict | null {
  const proved = describeProof(origin.proof);
  const end = (reason: Reason, ...more: string[]): Verdict => ({
    action: 'discard',
    reply: null,
    reason,
    steps: [proved ?? 'nothing proves the sender', ...more, reasonWords[reason]],
  });
  if (origin.reversePath === '') return end('notice-about-notice');
  if (!origin.isWanted) return end('notice-unwanted');
  if (limits.policy === 'never') return end('notices-off');
  if (limits.policy === 'proved' && proved === null) return end('sender-unproved');
  if (origin.toSender >= limits.perSender)
    return end('notice-cap', `${origin.toSender} notices went to this sender within an hour`);
  if (origin.toAll >= limits.inAll)
    return end('notice-storm', `${origin.toAll} notices were written within an hour`);
  return null;
}
