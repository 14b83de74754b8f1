/**
 * Domain names as the mail system compares them: A-labels, lower case, absolute, no final dot.
 *
 * RFC 1035 §2.3.4 (lengths), RFC 5321 §2.3.5 and §4.1.2 (domains), RFC 5890 (IDNA).
 */
import { domainToASCII } from 'node:url';

const plain = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const longLabel = /[^.]{64}/;
const numberAtEnd = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;
/** Letters of any language; no `/ \ ? # : @ %` nor blanks, which domainToASCII reads as parts of a URL. */
const international = /^[a-z0-9._\u0080-\u{10ffff}-]+$/iu;

/**
 * The comparable form of a domain, or null where the text is none.
 *
 * One final dot is taken off. Underscores pass: they occur in real mail domains.
 */
export function normalizeDomain(text: string): string | null {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  const lower = bare.toLowerCase();
  const name = plain.test(lower) ? lower : international.test(bare) ? domainToASCII(bare) : '';
  if (!plain.test(name) || name.length > 253 || looksLikeIPv4(name)) return null;
  return name.length > 63 && longLabel.test(name) ? null : name;
}

/**
 * Whether a resolver library could take the name for an IPv4 address: `127.0.0.1`, `0127.0.0.1`,
 * `2130706433`, `0x7f.1`. No top-level domain is a number, so the last label tells.
 */
export function looksLikeIPv4(name: string): boolean {
  return numberAtEnd.test(name);
}

/** Whether the name always means the asking machine: `localhost` and all below it (RFC 6761 §6.3). */
export function isLocalhost(name: string): boolean {
  const lower = name.toLowerCase().replace(/\.$/, '');
  return lower === 'localhost' || lower.endsWith('.localhost');
}
