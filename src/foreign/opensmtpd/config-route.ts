/**
 * Where smtpd.conf sends mail.
 */
import { comparableDomain } from '../../mail/address.ts';
import type { NextHop } from '../../mail/envelope.ts';
import type { Action, DomainList, Rule, SmtpdConfig } from './config.ts';
import type { SmtpdEnvelope } from './envelope.ts';

/** Of a message that has its action already, or names its relay as older versions do; null: unknown. */
export function routeOfEnvelope(
  { type, dest, dispatcher, relay }: SmtpdEnvelope,
  config: SmtpdConfig | null,
): NextHop | null {
  if (type === 'bounce') return null;
  if (type === 'mda') return nextHopOf({ kind: 'local' }, dest);
  if (relay !== null) return nextHopOf(actionOfRelay(relay), dest);
  const action = dispatcher === null ? undefined : config?.actions.get(dispatcher);
  return action ? nextHopOf(action, dest) : null;
}

/**
 * Of mail that has none yet. Who sends it is not known here, so that a host that the operator names for
 * some senders counts for all: a route that may be his own is no dead end. Null: no rule takes it.
 */
export function routeOfAddress(
  address: string,
  config: SmtpdConfig,
  localNames: ReadonlySet<string>,
): NextHop | null {
  const domain = domainOf(address);
  let byMx: NextHop | null = null;
  for (const rule of config.rules) {
    const match = matchOf(rule, domain, localNames);
    if (match === 'no') continue;
    const action = rule.action === null ? undefined : config.actions.get(rule.action);
    if (action && action.kind !== 'mx') return nextHopOf(action, address);
    if (action && isPlain.test(address)) byMx ??= nextHopOf(action, address);
    if (match === 'yes') break;
  }
  return byMx;
}

/** What smtpd would make of other addresses, only smtpd knows. */
const isPlain = /^[^@]+@[\w-]+(\.[\w-]+)*\.?$/;

function nextHopOf(action: Action, address: string): NextHop {
  const host = action.kind === 'host' ? action.host : domainOf(address);
  return { mailer: action.kind === 'local' ? 'mda' : 'relay', host, address };
}

/** `smtp+tls://`, with a host behind it where the operator named one. */
function actionOfRelay(url: string): Action {
  const rest = url.slice(url.indexOf('://') + 3);
  const host = rest.slice(rest.indexOf('@') + 1).replace(/:\d+$/, '');
  // A backup looks the MX up, and takes those before its own name.
  return host === '' || /backup:/.test(url) ? { kind: 'mx' } : { kind: 'host', host };
}

type Match = 'yes' | 'no' | 'maybe';

function matchOf(rule: Rule, domain: string, localNames: ReadonlySet<string>): Match {
  const match = matchFor(rule.for, domain, localNames);
  const turned = match === 'maybe' || !rule.isNegated ? match : match === 'yes' ? 'no' : 'yes';
  return turned === 'yes' && rule.isConditional ? 'maybe' : turned;
}

function matchFor(wanted: Rule['for'], domain: string, localNames: ReadonlySet<string>): Match {
  if (wanted === 'any') return 'yes';
  // Addresses of this machine are local as well, in brackets.
  if (wanted === 'local')
    return localNames.has(domain) ? 'yes' : domain.startsWith('[') ? 'maybe' : 'no';
  return matchList(wanted.domains, domain);
}

function matchList(domains: DomainList, domain: string): Match {
  if (domains === null) return 'maybe';
  return domains.some((pattern) => isMatch(pattern.toLowerCase(), domain)) ? 'yes' : 'no';
}

/** A star stands for any characters, dots included; `@` for every domain (table.5). */
function isMatch(pattern: string, domain: string): boolean {
  if (pattern === '@' || pattern === '*') return true;
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return domain === first;
  const last = rest.pop() ?? '';
  if (!domain.startsWith(first) || !domain.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = domain.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= domain.length - last.length;
}

function domainOf(address: string): string {
  return comparableDomain(address.slice(address.lastIndexOf('@') + 1));
}
