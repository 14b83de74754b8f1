/**
 * Names of hosted domains behind which nobody is: aliases to nowhere, domains without mailboxes.
 */
import { formatDomain, parseAddress } from '../mail/address.ts';
import type { Contradiction } from './contradiction.ts';
import type { Settings } from './settings.ts';
import { verificationOf } from './verification.ts';

type Domains = Settings['domains'];
type HostedSettings = Domains[number];

/** They exist at every domain (recipients/domain-names.ts). */
const duties = ['postmaster', 'abuse'];

export function lostNamesIn(domains: Domains): Contradiction[] {
  const byName = new Map(domains.map((domain) => [domain.name, domain]));
  return domains.flatMap((domain, index) => {
    const path = ['domains', index];
    const found: Contradiction[] = [];
    if (!mayHaveAnybody(domain)) {
      const expected = 'mailboxes, aliases, maps, a catchAll or a server to ask';
      found.push({ path: [...path, 'name'], expected, found: domain.name });
    }
    for (const mailbox of domain.mailboxes)
      if (!isOf(domain, mailbox)) {
        const expected = `a name without a domain, or one of ${domain.name}`;
        found.push({ path: [...path, 'mailboxes'], expected, found: mailbox });
      }
    for (const [from, targets] of Object.entries(domain.aliases)) {
      if (!isOf(domain, from)) {
        const expected = `a name without a domain, or one of ${domain.name}`;
        found.push({ path: [...path, 'aliases', from], expected, found: from });
      }
      for (const target of targets)
        if (isLost(target, domain, byName)) {
          const expected = 'a mailbox or an alias that there is';
          found.push({ path: [...path, 'aliases', from], expected, found: target });
        }
    }
    const { catchAll } = domain;
    if (catchAll !== undefined && catchAll !== '*' && isLost(catchAll, domain, byName)) {
      const expected = 'a mailbox or an alias that there is';
      found.push({ path: [...path, 'catchAll'], expected, found: catchAll });
    }
    return found;
  });
}

function mayHaveAnybody(domain: HostedSettings): boolean {
  const { mailboxes, aliases } = domain;
  return mailboxes.length > 0 || Object.keys(aliases).length > 0 || isOpen(domain);
}

/** Whether names may exist that are not written here. */
function isOpen(domain: HostedSettings): boolean {
  return domain.catchAll === '*' || domain.maps.length > 0 || verificationOf(domain) === 'backend';
}

function isOf(domain: HostedSettings, name: string): boolean {
  const address = parseAddress(name);
  if (address.kind === 'local') return true;
  return address.kind === 'mailbox' && formatDomain(address.domain) === domain.name;
}

function isLost(
  target: string,
  home: HostedSettings,
  byName: ReadonlyMap<string, HostedSettings>,
): boolean {
  const address = parseAddress(target);
  if (address.kind !== 'local' && address.kind !== 'mailbox') return true;
  const domain = address.kind === 'local' ? home : byName.get(formatDomain(address.domain));
  if (!domain || isOpen(domain)) return false;
  const wanted = address.localPart.toLowerCase();
  const names = [...domain.mailboxes, ...Object.keys(domain.aliases), ...duties].map(localPartOf);
  return !names.includes(wanted) && !names.includes(wanted.replace(/\+.*$/, ''));
}

function localPartOf(name: string): string {
  const at = name.lastIndexOf('@');
  return (at < 0 ? name : name.slice(0, at)).toLowerCase();
}
