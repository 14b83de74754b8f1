/**
 * The directory of a server that takes mail itself: hosted domains and what is known of their names.
 */
import { formatDomain, parseAddress } from '../mail/address.ts';
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { CallAhead } from './call-ahead.ts';
import type { Directory } from './directory.ts';
import { createDomainNames } from './domain-names.ts';
import { expandPath } from './expand.ts';
import type { HostedDomain } from './hosted-domain.ts';
import { foldLocalPart } from './local-part.ts';
import { createMapFiles } from './map-files.ts';
import { createMapList } from './map-list.ts';
import type { Hosted, OwnPath } from './own-path.ts';

export interface DirectoryOptions {
  /** A bare `postmaster` is that of the first one. */
  readonly domains: readonly HostedDomain[];
  /** Between a name and its detail: `ann+news` is ann. Default `+`; null: there are no details. */
  readonly separator?: string | null;
  /** ms since 1970, the clock of the file system. Default Date.now. */
  readonly now?: () => number;
  /** Told of what is wrong with maps. */
  readonly warn?: (message: string) => void;
  /** For domains that are verified by their backend; without it nothing is known of their other names. */
  readonly callAhead?: CallAhead;
}

const foreign: RecipientFacts = { kind: 'foreign' };
const plainLocalPart = /^[A-Za-z0-9._+=-]+$/;

/** Throws MapReadError where a map cannot be read. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { separator = '+', now = Date.now, warn = () => {}, callAhead } = options;
  const files = createMapFiles({ now, warn });
  const hosted = new Map<string, Hosted>();
  for (const domain of options.domains) {
    const lists = domain.maps.map((map) =>
      createMapList(map, map.expand ?? domain.destination.kind !== 'smtp', files.open(map)),
    );
    const names = createDomainNames(domain, lists, separator);
    const unknown = { kind: 'unknown', how: `${domain.name} has no such mailbox` } as const;
    hosted.set(domain.name, { domain, names, unknown });
  }
  const [first] = hosted.values();

  /** `foreign` or `unknown` where it is not at one of our domains. */
  function resolve(forwardPath: string): OwnPath | RecipientFacts {
    const at = forwardPath.lastIndexOf('@');
    const own = hosted.get(forwardPath.slice(at + 1));
    const localPart = forwardPath.slice(0, at);
    // Almost every path is as plain as this, and needs no parser.
    if (at > 0 && own && plainLocalPart.test(localPart)) return ownPath(own, localPart);
    const address = parseAddress(forwardPath);
    switch (address.kind) {
      case 'mailbox': {
        const other = hosted.get(formatDomain(address.domain));
        return other ? ownPath(other, address.localPart) : foreign;
      }
      case 'local': {
        const isPostmaster = foldLocalPart(address.localPart) === 'postmaster';
        return first && isPostmaster ? ownPath(first, 'postmaster') : foreign;
      }
      case 'null':
        return { kind: 'unknown', how: 'an empty address' };
      case 'fault':
        return { kind: 'unknown', how: `a malformed address: ${address.problem}` };
    }
  }

  function ownPath(own: Hosted, localPart: string): OwnPath {
    const folded = foldLocalPart(localPart);
    return { hosted: own, localPart, folded, found: own.names.find(folded) };
  }

  function findListed(forwardPath: string): OwnPath | RecipientFacts {
    const path = resolve(forwardPath);
    return 'hosted' in path && path.found ? path.found.facts : path;
  }

  /** Of a name that no list knows. */
  function findUnlisted({
    hosted: own,
    localPart,
    folded,
  }: OwnPath): ReturnType<Directory['find']> {
    const { name, destination, verify } = own.domain;
    const isServer = destination.kind === 'smtp' || destination.kind === 'lmtp';
    if (verify === 'none' || !isServer || !callAhead) return own.unknown;
    return callAhead.ask({ destination, domain: name, localPart, folded });
  }

  return {
    find(forwardPath) {
      const found = findListed(forwardPath);
      if (files.isFresh()) return 'hosted' in found ? findUnlisted(found) : found;
      const looked = files.look();
      if (!('hosted' in found)) return found;
      // Whoever was added since then must not be refused.
      return looked.then(() => {
        const again = findListed(forwardPath);
        return 'hosted' in again ? findUnlisted(again) : again;
      });
    },
    expand: (forwardPath) => expandPath(forwardPath, resolve),
    destinationOf: (domain) => hosted.get(domain)?.domain.destination ?? null,
  };
}
