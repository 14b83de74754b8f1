/**
 * Is this message going in circles?
 *
 * RFC 5321 §6.3: count Received fields, limit at least 100, answer permanently. The other signs are
 * ours: one of them alone says little, so one verdict weighs them all.
 */
import { replies } from '../mail/reply.ts';
import type { LoopFacts, PeerFacts } from './loop-facts.ts';
import type { Verdict } from './verdict.ts';

export interface LoopLimits {
  readonly received: number;
  readonly ownReceived: number;
  readonly ownStamps: number;
}

export const defaultLoopLimits: LoopLimits = {
  received: 100,
  ownReceived: 5,
  ownStamps: 5,
};

/**
 * A server hands its own submissions to itself once (sendmail's MSP does), which leaves one Received
 * of ours; a message that comes from ourselves with two of them has been round already.
 */
export function judgeLoop(facts: LoopFacts, limits: LoopLimits = defaultLoopLimits): Verdict {
  const steps = describe(facts);
  const loop = (reason: Verdict['reason']): Verdict => ({
    action: 'refuse',
    reply: replies.loop,
    reason,
    steps,
  });
  if (facts.received > limits.received) return loop('too-many-hops');
  if (facts.ownReceived > limits.ownReceived) return loop('own-hops');
  if (facts.fromOurselves && facts.ownReceived >= 2) return loop('from-ourselves');
  if (facts.deliveredToRecipient) return loop('delivered-to');
  if (facts.noticeDepth >= 2) return loop('bounce-depth');
  if (facts.ownStamps > limits.ownStamps) return loop('own-hops');
  if (facts.peer?.isOurselves) return loop('connects-to-us');
  if (facts.peer?.greetsAsUs) return loop('greets-as-us');
  return { action: 'accept', reply: null, reason: 'no-loop', steps };
}

function describe(facts: LoopFacts): string[] {
  return facts.peer ? describePeer(facts.peer) : describeHeader(facts);
}

function describePeer({ isOurselves, greetsAsUs }: PeerFacts): string[] {
  if (isOurselves) return ['the next hop is this very server'];
  return [greetsAsUs ? 'the next hop greets with our own name' : 'the next hop is somebody else'];
}

function describeHeader(facts: LoopFacts): string[] {
  const steps = [`${facts.received} Received fields, ${facts.ownReceived} of them ours`];
  if (facts.fromOurselves) steps.push('the connection comes from this machine, with our own name');
  if (facts.deliveredToRecipient) steps.push('a Delivered-To field names the recipient already');
  if (facts.noticeDepth > 0) steps.push(`${facts.noticeDepth} failure notices deep`);
  if (facts.ownStamps > 0) steps.push(`it was accepted here ${facts.ownStamps} times before`);
  return steps;
}
