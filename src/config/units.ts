/**
 * Texts of the configuration that stand for quantities, addresses and networks.
 *
 * Each reader says what it expected; config/read.ts adds what was found and where.
 */
import { z } from 'zod';
import { parseDnsServer } from '../dns/server-address.ts';
import { parseAddress } from '../mail/address.ts';
import { parseDestination } from '../mail/destination.ts';
import { normalizeDomain } from '../mail/domain.ts';
import { parseEndpoint } from '../mail/endpoint.ts';
import { parseIp, parseNetwork } from '../mail/ip.ts';
import { parseDuration, parseSize } from '../mail/quantity.ts';
import { type MapSource, mapKinds } from '../recipients/hosted-domain.ts';
import { parsePasswordHash } from '../server/smtp/logins.ts';

/** A string that `parse` understands; `expected` completes the sentence "expected ...". */
function text<T>(expected: string, parse: (text: string) => T | null) {
  return z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: expected, input: value });
    return z.NEVER;
  });
}

/** The bounds are written as in the configuration; `why` completes "from 250ms to 7s, ...". */
export const duration = (least: string, most: string, why: string) => {
  const [from, to] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  return text(`a duration from "${least}" to "${most}", ${why}`, (value) => {
    const ms = parseDuration(value);
    return ms !== null && ms >= from && ms <= to ? ms : null;
  });
};

/** The bounds are written as in the configuration. */
export const size = (least: string, most: string) => {
  const [from, to] = [parseSize(least) ?? 0, parseSize(most) ?? 0];
  return text(`a size from "${least}" to "${most}"`, (value) => {
    const octets = parseSize(value);
    return octets !== null && octets >= from && octets <= to ? octets : null;
  });
};

export const network = () =>
  text('a network such as "10.0.0.0/8" or "2001:db8::/32"', parseNetwork);

export const address = () => text('an IP address such as "192.0.2.1" or "2001:db8::1"', parseIp);

export const endpoint = () => text('"HOST:PORT", "[IPV6]:PORT" or "unix:/PATH"', parseEndpoint);

export const domain = () => text('a domain name such as "mail.example.org"', normalizeDomain);

/** A host that another server sends to, as verdicts compare it: `smart.example` or `[192.0.2.7]`. */
export const hopName = () =>
  text('a host such as "smart.example.org" or "192.0.2.7"', (value) => {
    const address = parseIp(value);
    return address ? `[${address.text}]` : normalizeDomain(value);
  });

/** A domain, or `.domain` for all below it. */
export const domainPattern = () =>
  text('a domain name, or ".example.org" for all names below it', (value) => {
    const name = normalizeDomain(value.replace(/^\./, ''));
    return name !== null && value.startsWith('.') ? `.${name}` : name;
  });

/** Port 53 unless told otherwise. */
export const nameServer = () =>
  text('a name server: "192.0.2.53", "192.0.2.53:5353" or "[2001:db8::53]:5353"', parseDnsServer);

export const destination = () =>
  text(
    '"maildir:/PATH", "lmtp:HOST:PORT", "lmtp:/PATH", "smtp:HOST", "smtp:HOST:PORT" or "mx"',
    parseDestination,
  );

/** A server that takes mail for every domain. */
export const smarthost = () =>
  text('a mail server such as "smtp:relay.example.net:587"', (value) => {
    const found = parseDestination(value);
    return found?.kind === 'smtp' && !('path' in found.endpoint) ? found.endpoint : null;
  });

/** `ann`, or `ann@example.org`, as it is written. */
export const mailbox = () =>
  text('a local part such as "ann", or a whole address', (value) => {
    const { kind } = parseAddress(value);
    return kind === 'local' || kind === 'mailbox' ? value : null;
  });

export const mapSource = () =>
  text(`"KIND:/PATH" with one of the kinds ${mapKinds.join(', ')}`, (value): MapSource | null => {
    const colon = value.indexOf(':');
    const kind = mapKinds.find((name) => name === value.slice(0, colon));
    const path = value.slice(colon + 1);
    return kind && path.startsWith('/') && !path.includes('\0') ? { kind, path } : null;
  });

/** The text itself: it is read again when somebody logs in. */
export const passwordHash = () =>
  text('a line that "spillway password" has printed', (value) =>
    parsePasswordHash(value) ? value : null,
  );

export const absolutePath = () =>
  text('an absolute path such as "/etc/spillway/key.pem"', (value) =>
    value.startsWith('/') && !value.includes('\0') ? value : null,
  );
