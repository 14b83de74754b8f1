/**
 * May this client send to this mailbox? For a server that takes the mail itself.
 *
 * RFC 5321 §3.6.2 and §7.9 (relaying), RFC 3463 (5.1.1, 5.7.1). Where the domain is none of ours and
 * the client may relay, the route decides instead: see path.ts.
 */
import { comparableDomain } from '../mail/address.ts';
import { type Reply, replies } from '../mail/reply.ts';
import { type Reason, reasonWords } from './reasons.ts';
import type { RecipientFacts } from './recipient-facts.ts';
import type { Verdict } from './verdict.ts';

/** Whether a client may send to domains that are none of ours. */
export function mayRelay(client: {
  /** Its address is in a network that may relay. */
  readonly trusted: boolean;
  /** Name of who logged in. */
  readonly login: string | null;
}): boolean {
  return client.trusted || client.login !== null;
}

export function judgeMailbox(forwardPath: string, facts: RecipientFacts): Verdict {
  switch (facts.kind) {
    case 'foreign':
      return turnAway('refuse', 'relay-denied', replies.relayDenied, forwardPath);
    case 'known':
      return { action: 'accept', reason: 'mailbox-known', reply: null, steps: [facts.how] };
    case 'unknown':
      return turnAway('refuse', 'mailbox-unknown', replies.mailboxUnknown, forwardPath, facts.how);
    case 'refused':
      return turnAway('refuse', 'backend-refused', facts.reply, forwardPath, facts.how);
    case 'uncertain':
      return turnAway(
        'defer',
        'mailbox-uncertain',
        replies.mailboxUncertain,
        forwardPath,
        facts.detail,
      );
  }
}

function turnAway(
  action: 'refuse' | 'defer',
  reason: Reason,
  reply: Reply,
  forwardPath: string,
  step: string = reasonWords[reason],
): Verdict {
  const at = forwardPath.lastIndexOf('@');
  const domain = at < 0 ? {} : { domain: comparableDomain(forwardPath.slice(at + 1)) };
  return { action, reason, reply, steps: [step], ...domain };
}
