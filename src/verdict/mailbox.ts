/**
 * May this client send to this mailbox? For a server that takes the mail itself.
 *
 * RFC 5321 §3.6.2 and §7.9 (relaying), RFC 3463 (5.1.1, 5.7.1). Where the domain is none of ours and
 * the client may relay, the route decides instead: see path.ts.
 */
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

export function judgeMailbox(facts: RecipientFacts): Verdict {
  switch (facts.kind) {
    case 'foreign':
      return end('refuse', 'relay-denied', replies.relayDenied, reasonWords['relay-denied']);
    case 'known':
      return end('accept', 'mailbox-known', null, facts.how);
    case 'unknown':
      return end('refuse', 'mailbox-unknown', replies.mailboxUnknown, facts.how);
    case 'refused':
      return end('refuse', 'backend-refused', facts.reply, facts.how);
    case 'uncertain':
      return end('defer', 'mailbox-uncertain', replies.mailboxUncertain, facts.detail);
  }
}

function end(
  action: Verdict['action'],
  reason: Reason,
  reply: Reply | null,
  step: string,
): Verdict {
  return { action, reason, reply, steps: [step] };
}
