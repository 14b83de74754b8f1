/**
 * Where the operator sends a domain's mail: a backend, mailboxes on this machine, or the MX.
 *
 * Written `lmtp:HOST:PORT`, `lmtp:/PATH`, `smtp:HOST:PORT`, `smtp:HOST`, `maildir:/PATH` with
 * `{domain}` and `{mailbox}` in the path, or `mx`.
 */
import { type Endpoint, formatHostPort, parseHostPort } from './endpoint.ts';

export type Destination =
  | { readonly kind: 'smtp' | 'lmtp'; readonly endpoint: Endpoint }
  /** `folder` may hold `{domain}` and `{mailbox}`. */
  | { readonly kind: 'maildir'; readonly folder: string }
  /** The MX of the recipient's own domain. */
  | { readonly kind: 'mx' };

/** RFC 5321 §2.1 for SMTP; LMTP has no port of its own (RFC 2033 §5), 24 is what people use. */
const ports = { smtp: 25, lmtp: 24 };

/** Null where the text is none of the forms above. */
export function parseDestination(text: string): Destination | null {
  if (text === 'mx') return { kind: 'mx' };
  const colon = text.indexOf(':');
  const [kind, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  switch (kind) {
    case 'maildir':
      return rest.startsWith('/') && !rest.includes('\0') ? { kind, folder: rest } : null;
    case 'smtp':
    case 'lmtp': {
      if (rest.startsWith('/'))
        return rest.includes('\0') ? null : { kind, endpoint: { path: rest } };
      const endpoint = parseHostPort(rest) ?? parseHostPort(`${rest}:${ports[kind]}`);
      return endpoint && endpoint.port > 0 ? { kind, endpoint } : null;
    }
    default:
      return null;
  }
}

/** The inverse of `parseDestination`, with the port. */
export function formatDestination(destination: Destination): string {
  switch (destination.kind) {
    case 'mx':
      return 'mx';
    case 'maildir':
      return `maildir:${destination.folder}`;
    case 'smtp':
    case 'lmtp': {
      const { endpoint } = destination;
      return `${destination.kind}:${'path' in endpoint ? endpoint.path : formatHostPort(endpoint)}`;
    }
  }
}
