/**
 * What the author's own domain asks to be done with mail that fails DMARC.
 *
 * RFC 7489 §6.3 and §6.7. A relayed message of one of us needs no proof of this kind.
 */
import { replies } from '../mail/reply.ts';
import { reasonWords } from './reasons.ts';
import { describeProof, type SenderProof } from './sender-proof.ts';
import type { Verdict } from './verdict.ts';

export function judgeDmarc(proof: SenderProof): Verdict {
  const { dmarc } = proof;
  const isOurs = proof.login !== null || proof.trustedNetwork;
  if (!isOurs && dmarc?.result === 'temperror')
    return {
      action: 'defer',
      reply: replies.senderUnknown,
      reason: 'dns-failure',
      domain: dmarc.domain,
      steps: [`DMARC of ${dmarc.domain}: ${reasonWords['dns-failure']}`],
    };
  if (isOurs || dmarc?.result !== 'fail' || dmarc.policy !== 'reject') {
    const steps = [describeProof(proof) ?? 'no policy asks to reject it'];
    return { action: 'accept', reply: null, reason: 'deliverable', steps };
  }
  return {
    action: 'refuse',
    reply: replies.dmarcFail,
    reason: 'dmarc-fail',
    domain: dmarc.domain,
    steps: [`${dmarc.domain}: ${reasonWords['dmarc-fail']}`],
  };
}
