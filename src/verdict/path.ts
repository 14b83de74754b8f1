/**
 * What becomes of an address as sender, as recipient, and as the target of a failure notice.
 *
 * RFC 7505 §4 (null MX), RFC 5321 §6.2 (a notice that nobody can receive may be dropped, with a
 * receipt), RFC 3463 (codes).
 */
import {
  type Address,
  type Domain,
  noDomainName,
  parseAddress,
  parseDomain,
} from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import { type Reply, replies } from '../mail/reply.ts';
import { whoDecides } from './next-hop.ts';
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

/** What an address alone tells: a verdict, or the domain whose route has to be known first. */
export type AddressVerdict =
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  | { readonly kind: 'ask'; readonly domain: Domain };

/** `text` is a path with or without angle brackets; `nextHop` what the asking server makes of it. */
export function judgeAddress(
  role: PathRole,
  text: string,
  nextHop: NextHop | null,
  policy: RoutePolicy,
): AddressVerdict {
  const address = parseAddress(text);
  switch (address.kind) {
    case 'null':
      return role === 'sender'
        ? accept('null-reverse-path')
        : malformed(role, 'no mailbox', policy);
    case 'fault':
      return malformed(role, address.problem, policy);
    case 'local':
    case 'mailbox':
      return followNextHop(role, address, text, nextHop, policy);
  }
}

function followNextHop(
  role: PathRole,
  address: Extract<Address, { kind: 'local' | 'mailbox' }>,
  text: string,
  nextHop: NextHop | null,
  policy: RoutePolicy,
): AddressVerdict {
  const decision = nextHop && whoDecides(nextHop, text, policy);
  if (decision?.kind === 'operator') return accept('routed-by-name', decision.step);
  if (decision?.kind === 'mx') {
    const domain = parseDomain(decision.host);
    return domain ? { kind: 'ask', domain } : malformed(role, noDomainName, policy);
  }
  return address.kind === 'mailbox'
    ? { kind: 'ask', domain: address.domain }
    : accept('local-address');
}

/** `nextHop` as for judgeAddress: null where the asking server did not say where it would send. */
export function judgePath(role: PathRole, route: RouteVerdict, nextHop: NextHop | null): Verdict {
  const { kind, class: found, reason, domain, steps } = route;
  const pass = (...more: string[]): Verdict => ({
    action: 'accept',
    reply: null,
    reason,
    domain,
    steps: more.length > 0 ? [...steps, ...more] : steps,
  });
  switch (kind) {
    case 'deliver':
    case 'routed':
      return pass();
    case 'unknown': {
      const reply = role === 'sender' ? replies.senderUnknown : replies.recipientUnknown;
      return { action: 'defer', reply, reason, domain, steps };
    }
    default: {
      if (route.deadEnd === 'accept') return pass(`the policy for "${found ?? kind}" lets it pass`);
      // Every domain that a server hosts has such an MX; only the server knows which it hosts.
      if (found === 'self' && !nextHop)
        return pass('the server may host it: it did not say where it would send');
      const why = [...steps, consequences[role]];
      if (role === 'notice') return { action: 'discard', reply: null, reason, domain, steps: why };
      const table = role === 'sender' ? senderReplies : recipientReplies;
      return { action: 'refuse', reply: table[kind], reason, domain, steps: why };
    }
  }
}

const consequences: Record<PathRole, string> = {
  sender: 'no failure could ever be reported to such a sender',
  recipient: 'mail for it could never be delivered',
  notice: 'a notice to it could never arrive, and RFC 5321 6.2 lets it end here, with this receipt',
};

function accept(
  reason: 'null-reverse-path' | 'local-address' | 'routed-by-name',
  step?: string,
): AddressVerdict {
  const steps = [step ?? reasonWords[reason]];
  return { kind: 'judged', verdict: { action: 'accept', reply: null, reason, steps } };
}

function malformed(role: PathRole, problem: string, policy: RoutePolicy): AddressVerdict {
  const reason = 'malformed-address';
  const steps = [`the address has ${problem}`];
  const judged = (action: Verdict['action'], reply: Reply | null): AddressVerdict => ({
    kind: 'judged',
    verdict: { action, reply, reason, steps },
  });
  if (policy.alone.malformed === 'accept') return judged('accept', null);
  if (role === 'notice') return judged('discard', null);
  return judged('refuse', role === 'sender' ? replies.senderSyntax : replies.recipientSyntax);
}
