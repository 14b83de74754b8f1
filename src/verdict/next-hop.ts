/**
 * Did the operator decide where this mail goes, or does the MX of a stranger?
 *
 * What a mail server routes to a mailbox, or to a host that somebody wrote into its tables, is
 * allowed by name. Only what it would look up in DNS is a question for the route verdict.
 */
import { comparableDomain, withoutBrackets } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import type { RoutePolicy } from './route-policy.ts';

/** sendmail: smtp esmtp smtp8 dsmtp relay; Postfix: smtp relay and custom clones of them. */
const overSmtp = /smtp|relay/i;
/** The server could not resolve the address, which is no decision of the operator. */
const undecided = /^(error|defer|retry)$/i;

/**
 * Null where the MX of `domain` decides, else the step that tells who decided.
 *
 * `domain` is that of the address as the client typed it, in comparable form.
 */
export function decidedByOperator(
  nextHop: NextHop,
  domain: string,
  policy: RoutePolicy,
): string | null {
  const { mailer, host } = nextHop;
  if (mailer !== null && mailer !== '') {
    if (undecided.test(mailer)) return null;
    if (!overSmtp.test(mailer)) return `the mail server hands it to its own mailer "${mailer}"`;
  }
  if (host === '') return null;
  const name = comparableDomain(host);
  if (name === domain || name === rewrittenDomain(nextHop)) return null;
  if (policy.smarthosts.has(name)) return null;
  return `the mail server's own tables route it to ${host}`;
}

/** Servers replace an alias domain by its canonical name; the host then equals that, not what was typed. */
function rewrittenDomain({ address }: NextHop): string | null {
  if (address === null) return null;
  const bare = withoutBrackets(address);
  return comparableDomain(bare.slice(bare.lastIndexOf('@') + 1));
}
