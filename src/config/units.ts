/**
 * Texts of the configuration that stand for quantities, addresses and networks.
 *
 * Each reader says what it expected; config/read.ts adds what was found and where.
 */
import { z } from 'zod';
import { parseDnsServer } from '../dns/server-address.ts';
import { normalizeDomain } from '../mail/domain.ts';
import { parseEndpoint } from '../mail/endpoint.ts';
import { parseIp, parseNetwork } from '../mail/ip.ts';

/** A string that `parse` understands; `expected` completes the sentence "expected ...". */
function text<T>(expected: string, parse: (text: string) => T | null) {
  return z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: expected, input: value });
    return z.NEVER;
  });
}

const units: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90d`, `5 s`, `250ms` in ms; null where the text is none. */
function parseDuration(value: string): number | null {
  const [, number, unit = ''] = /^(\d{1,9})\s*([a-z]+)$/.exec(value) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}

/** The bounds are written as in the configuration; `why` completes "from 250ms to 7s, ...". */
export const duration = (least: string, most: string, why: string) => {
  const [from, to] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  return text(`a duration from "${least}" to "${most}", ${why}`, (value) => {
    const ms = parseDuration(value);
    return ms !== null && ms >= from && ms <= to ? ms : null;
  });
};

export const network = () =>
  text('a network such as "10.0.0.0/8" or "2001:db8::/32"', parseNetwork);

export const address = () => text('an IP address such as "192.0.2.1" or "2001:db8::1"', parseIp);

export const endpoint = () => text('"HOST:PORT", "[IPV6]:PORT" or "unix:/PATH"', parseEndpoint);

export const domain = () => text('a domain name such as "mail.example.org"', normalizeDomain);

/** A domain, or `.domain` for all below it. */
export const domainPattern = () =>
  text('a domain name, or ".example.org" for all names below it', (value) => {
    const name = normalizeDomain(value.replace(/^\./, ''));
    return name !== null && value.startsWith('.') ? `.${name}` : name;
  });

/** Port 53 unless told otherwise. */
export const nameServer = () =>
  text('a name server: "192.0.2.53", "192.0.2.53:5353" or "[2001:db8::53]:5353"', parseDnsServer);
