/**
 * Did the operator decide where this mail goes, or does the MX of a stranger?
 *
 * What a mail server routes to a mailbox, or to a host that somebody wrote into its tables, is
 * allowed by name. Only what it would look up in DNS is a question for the route verdict.
 */
import { comparableDomain, withoutBrackets } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import { parseIp } from '../mail/ip.ts';
import type { RoutePolicy } from './route-policy.ts';

/** sendmail: smtp esmtp smtp8 dsmtp relay; Postfix: smtp relay and custom clones of them. */
const overSmtp = /smtp|relay/i;
const undecided = /^(error|defer|retry)$/i;

/** The server could not resolve the address, which is no decision of the operator. */
export function isUndecided({ mailer }: NextHop): boolean {
  return mailer !== null && undecided.test(mailer);
}

export type WhoDecides =
  /** `step` tells how. */
  | { readonly kind: 'operator'; readonly step: string }
  /** The MX of this host, which the address itself names; as the server spells it. */
  | { readonly kind: 'mx'; readonly host: string }
  /** The server does not say: the address as the client typed it is all there is. */
  | { readonly kind: 'untold' };

/**
 * `typed` is the path as the client wrote it.
 *
 * What a server makes of an odd spelling only the server knows: `nicholas%seaton.biz`,
 * `seaton.biz!nicholas` and `"nicholas@seaton.biz"` all go to seaton.biz, and so does
 * `nicholas%seaton.biz@own.example`. So its next hop is judged, and not what was typed; and a host
 * that a stranger can name in an address is no decision of the operator, wherever in it he does.
 */
export function whoDecides(nextHop: NextHop, typed: string, policy: RoutePolicy): WhoDecides {
  const { mailer, host, address } = nextHop;
  if (mailer !== null && mailer !== '') {
    if (isUndecided(nextHop)) return { kind: 'untold' };
    if (!overSmtp.test(mailer))
      return { kind: 'operator', step: `the mail server hands it to its own mailer "${mailer}"` };
  }
  if (host === '') return { kind: 'untold' };
  if (odd.test(host)) return { kind: 'mx', host };
  const name = comparableDomain(host);
  if (policy.smarthosts.has(name) || policy.smarthosts.has(withoutPort(name))) {
    const bare = withoutBrackets(address ?? '');
    const at = bare.lastIndexOf('@');
    return at < 0 ? { kind: 'untold' } : { kind: 'mx', host: bare.slice(at + 1) };
  }
  if (isNamedIn(typed, name) || (address !== null && isNamedIn(address, name)))
    return { kind: 'mx', host };
  return { kind: 'operator', step: `the mail server's own tables route it to ${host}` };
}

/** Postfix tells `[smart.example]:587` as its relayhost has it, sendmail `smart.example.`. */
function withoutPort(name: string): string {
  const [, bracketed, bare] = /^(?:\[([^\]]+)\]|([^[\]:]+))(?::\w+)?$/.exec(name) ?? [];
  const host = bracketed ?? bare ?? name;
  return parseIp(host) ? comparableDomain(`[${host}]`) : comparableDomain(host);
}

/** No operator writes such a host into a table, but it may stand in DNS as what a name is an alias of. */
const odd = /[\s"\\()<>@%!\u0080-\u{10ffff}]/u;

/** Names and bracketed literals between the signs that divide an address, source routes included. */
const parts = /\[[^\]]*\]|[^\s@%!,:;<>()"[\]\\]+/g;

/** Servers replace an alias domain by its canonical name; the host then equals that, not what was typed. */
function isNamedIn(address: string, name: string): boolean {
  const bare = withoutBrackets(address);
  if (comparableDomain(bare.slice(bare.lastIndexOf('@') + 1)) === name) return true;
  return bare.match(parts)?.some((part) => comparableDomain(part) === name) ?? false;
}
