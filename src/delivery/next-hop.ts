/**
 * Where the mail of a domain goes next: what the configuration says of it, the smarthost, or its MX.
 */
import { type Destination, formatDestination } from '../mail/destination.ts';
import type { Endpoint, HostPort } from '../mail/endpoint.ts';
import { formatHostPort } from '../mail/endpoint.ts';
import type { NextHop as AskedNextHop } from '../mail/envelope.ts';
import type { Directory } from '../recipients/directory.ts';

/** `key`: equal for what may share a transaction; also how it is named in the log. */
export type Hop =
  | { readonly kind: 'maildir'; readonly key: string; readonly folder: string }
  | { readonly kind: 'smtp' | 'lmtp'; readonly key: string; readonly endpoint: Endpoint }
  | { readonly kind: 'smarthost'; readonly key: string; readonly endpoint: HostPort }
  | { readonly kind: 'mx'; readonly key: string; readonly domain: string };

/** `domain` in comparable form. */
export type HopOf = (domain: string) => Hop;

export function createHopOf(
  directory: Pick<Directory, 'destinationOf'>,
  smarthost: HostPort | null,
): HopOf {
  const relay: Hop | null = smarthost && {
    kind: 'smarthost',
    key: `smarthost:${formatHostPort(smarthost)}`,
    endpoint: smarthost,
  };
  const known = new WeakMap<Destination, Hop>();

  return (domain) => {
    const destination = directory.destinationOf(domain);
    if (destination === null) return relay ?? mxHop(domain);
    if (destination.kind === 'mx') return mxHop(domain);
    const hop = known.get(destination) ?? configuredHop(destination);
    known.set(destination, hop);
    return hop;
  };
}

function mxHop(domain: string): Hop {
  return { kind: 'mx', key: `mx:${domain}`, domain };
}

function configuredHop(destination: Exclude<Destination, { kind: 'mx' }>): Hop {
  const key = formatDestination(destination);
  return destination.kind === 'maildir'
    ? { kind: 'maildir', key, folder: destination.folder }
    : { kind: destination.kind, key, endpoint: destination.endpoint };
}

/**
 * The same for a question to the judge. A mailer whose name has nothing of SMTP means that the
 * operator decided (verdict/next-hop.ts), even where his backend is called as the domain itself.
 */
export function describeHop(hop: Hop, address: string): AskedNextHop {
  switch (hop.kind) {
    case 'maildir':
      return { mailer: 'maildir', host: '', address };
    case 'smtp':
    case 'lmtp':
      return { mailer: 'backend', host: hop.key, address };
    case 'smarthost':
      return { mailer: 'relay', host: hop.endpoint.host, address };
    case 'mx':
      return { mailer: 'smtp', host: hop.domain, address };
  }
}
