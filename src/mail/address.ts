/**
 * Mail addresses in text: local part and domain, or what is wrong with them.
 *
 * RFC 5321 §4.1.2 (syntax), §4.5.3.1 (lengths), §4.1.3 (address literals), RFC 6531 (UTF-8).
 */
import { normalizeDomain } from './domain.ts';
import { type IpAddress, parseIp } from './ip.ts';

export type Domain =
  | {
      readonly kind: 'name';
      /** A-label, lower case, no final dot. */
      readonly name: string;
      /** As it was written, where letters in it are not ASCII: some servers ask DNS for these bytes. */
      readonly raw?: string;
    }
  | { readonly kind: 'literal'; readonly address: IpAddress };

export const noDomainName = 'a domain that is no domain name';

export type Address =
  | { readonly kind: 'null' }
  | { readonly kind: 'local'; readonly localPart: string }
  | { readonly kind: 'mailbox'; readonly localPart: string; readonly domain: Domain }
  | { readonly kind: 'fault'; readonly problem: string };

/**
 * Reads `<ann@example.org>`, `ann@example.org`, `<>`, ``, `"odd @ name"@example.org`,
 * `<@relay:ann@example.org>` (the source route is dropped, RFC 5321 appendix C) or a bare `postmaster`.
 */
export function parseAddress(text: string): Address {
  const bare = withoutBrackets(text.trim());
  if (bare === '') return { kind: 'null' };
  if (/[\u0000-\u001f\u007f]/.test(bare)) return fault('a control character');
  const path = bare.startsWith('@') ? bare.slice(bare.indexOf(':') + 1) : bare;
  // The domain cannot hold '@', a quoted local part can: the last one divides.
  const at = path.lastIndexOf('@');
  const localPart = at < 0 ? path : path.slice(0, at);
  if (localPart === '') return fault('no local part');
  if (Buffer.byteLength(path) > 320) return fault('more than 320 octets');
  if (at < 0) return withoutAt(localPart);
  const domain = parseDomain(path.slice(at + 1));
  return domain ? { kind: 'mailbox', localPart, domain } : fault(noDomainName);
}

/** `ann%example.org` and `example.org!ann`: sendmail and Postfix read them as `ann@example.org`. */
function withoutAt(path: string): Address {
  const bare = path.replaceAll('"', '');
  const percent = bare.lastIndexOf('%');
  const bang = percent < 0 ? bare.indexOf('!') : -1;
  const domain = parseDomain(bang < 0 ? bare.slice(percent + 1) : bare.slice(0, bang));
  const localPart = bang < 0 ? bare.slice(0, Math.max(percent, 0)) : bare.slice(bang + 1);
  if (localPart === '' || domain === null) return { kind: 'local', localPart: path };
  return { kind: 'mailbox', localPart, domain };
}

/** Reads `example.org` or an address literal, `[192.0.2.1]`, `[IPv6:2001:db8::1]`. */
export function parseDomain(text: string): Domain | null {
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = parseIp(text.slice(1, -1).replace(/^ipv6:/i, ''));
    return address && { kind: 'literal', address };
  }
  const name = normalizeDomain(text);
  if (name === null) return null;
  return /[\u0080-\uffff]/.test(text)
    ? { kind: 'name', name, raw: text.replace(/\.$/, '') }
    : { kind: 'name', name };
}

/** `example.org` or `[192.0.2.1]`. */
export function formatDomain(domain: Domain): string {
  return domain.kind === 'name' ? domain.name : `[${domain.address.text}]`;
}

/** The comparable form of a domain or an address literal; other text in lower case. */
export function comparableDomain(text: string): string {
  const domain = parseDomain(text);
  return domain ? formatDomain(domain) : text.toLowerCase();
}

/** A path without the angle brackets around it, if there are any. */
export function withoutBrackets(path: string): string {
  return path.startsWith('<') && path.endsWith('>') ? path.slice(1, -1) : path;
}

function fault(problem: string): Address {
  return { kind: 'fault', problem };
}
