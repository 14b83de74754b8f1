/**
 * The domains that are ours, from what the operator configured, or from the machine where that is
 * nothing at all: then its own name and localhost have mailboxes for who runs the program.
 */

import type { Destination } from '../mail/destination.ts';
import { normalizeDomain } from '../mail/domain.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { Settings } from './settings.ts';
import { verificationOf } from './verification.ts';

export interface Home {
  /** The host name as the machine gives it; may be no domain name. */
  readonly hostName: string;
  /** Who runs the program. */
  readonly user: string;
  /** Of the store: mailboxes are in it, below mail/. */
  readonly folder: string;
}

export function hostedDomainsOf(settings: Settings, home: Home): HostedDomain[] {
  const maildir: Destination = {
    kind: 'maildir',
    folder: `${home.folder}/mail/{domain}/{mailbox}`,
  };
  if (settings.domains.length === 0) return defaultDomains(home, maildir);
  return settings.domains.map((domain) => ({
    name: domain.name,
    mailboxes: domain.mailboxes,
    aliases: Object.entries(domain.aliases).map(([from, to]) => ({ from, to })),
    catchAll: domain.catchAll ?? null,
    destination: domain.deliver ?? maildir,
    maps: domain.maps,
    verify: verificationOf(domain),
    cutThrough: domain.cutThrough,
  }));
}

function defaultDomains({ hostName, user }: Home, destination: Destination): HostedDomain[] {
  const own = normalizeDomain(hostName);
  const mailbox = /^[\w.+-]+$/.test(user) ? user : 'postmaster';
  const names = new Set([...(own === null ? [] : [own]), 'localhost']);
  return [...names].map((name) => ({
    name,
    mailboxes: [mailbox],
    aliases: [],
    catchAll: null,
    destination,
    maps: [],
    verify: 'none',
    cutThrough: false,
  }));
}
