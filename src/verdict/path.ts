/**
 * What becomes of an address as sender, as recipient, and as the target of a failure notice.
 *
 * RFC 7505 §4 (null MX), RFC 5321 §6.2 (a notice that nobody can receive may be dropped, with a
 * receipt), RFC 3463 (codes).
 */
import { type Reply, replies } from '../mail/reply.ts';
import { reasonWords } from './reasons.ts';
import type { RouteVerdict } from './route.ts';
import type { RouteKind, RoutePolicy } from './route-policy.ts';
import type { Verdict } from './verdict.ts';

/** The three checks that rest on a route. */
export type PathRole = 'sender' | 'recipient' | 'notice';

type DeadReplies = Record<Exclude<RouteKind, 'deliver' | 'routed' | 'unknown'>, Reply>;

const senderReplies: DeadReplies = {
  nullmx: replies.senderNullMx,
  blackhole: replies.senderBlackhole,
  nodomain: replies.senderNoDomain,
  nomail: replies.senderNoMail,
  malformed: replies.senderMalformed,
};

const recipientReplies: DeadReplies = {
  nullmx: replies.recipientNullMx,
  blackhole: replies.recipientBlackhole,
  nodomain: replies.recipientNoDomain,
  nomail: replies.recipientNoMail,
  malformed: replies.recipientMalformed,
};

export function judgePath(role: PathRole, route: RouteVerdict): Verdict {
  const { kind, reason, steps } = route;
  switch (kind) {
    case 'deliver':
    case 'routed':
      return { action: 'accept', reply: null, reason, steps };
    case 'unknown': {
      const reply = role === 'sender' ? replies.senderUnknown : replies.recipientUnknown;
      return { action: 'defer', reply, reason, steps };
    }
    default: {
      const why = [...steps, consequences[role]];
      if (route.deadEnd === 'accept') {
        const note = `the policy for "${route.class ?? kind}" lets it pass`;
        return { action: 'accept', reply: null, reason, steps: [...steps, note] };
      }
      if (role === 'notice') return { action: 'discard', reply: null, reason, steps: why };
      const table = role === 'sender' ? senderReplies : recipientReplies;
      return { action: 'refuse', reply: table[kind], reason, steps: why };
    }
  }
}

const consequences: Record<PathRole, string> = {
  sender: 'no failure could ever be reported to such a sender',
  recipient: 'mail for it could never be delivered',
  notice: 'a notice to it could never arrive, and RFC 5321 6.2 lets it end here, with this receipt',
};

/** `<>` as a reverse-path, or an address without a domain: there is no route to judge. */
export function acceptPath(
  reason: 'null-reverse-path' | 'local-address' | 'routed-by-name',
  step?: string,
): Verdict {
  return { action: 'accept', reply: null, reason, steps: [step ?? reasonWords[reason]] };
}

/** The address itself cannot be read. */
export function judgeMalformedPath(role: PathRole, problem: string, policy: RoutePolicy): Verdict {
  const steps = [`the address has ${problem}`];
  const reason = 'malformed-address';
  if (policy.alone.malformed === 'accept') return { action: 'accept', reply: null, reason, steps };
  if (role === 'notice') return { action: 'discard', reply: null, reason, steps };
  const reply = role === 'sender' ? replies.senderSyntax : replies.recipientSyntax;
  return { action: 'refuse', reply, reason, steps };
}
