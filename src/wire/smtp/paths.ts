/**
 * Reverse-paths and forward-paths as they stand in MAIL and RCPT: strict, as the edge of the mail
 * system should be.
 *
 * RFC 5321 §4.1.2 (syntax), §4.1.3 (address literals), §4.5.3.1 (lengths), RFC 6531 §3.3 (UTF-8).
 * Only the form is judged here; what the domain is worth is for verdict/ to say.
 */
import { looksLikeIPv4, normalizeDomain } from '../../mail/domain.ts';
import { parseIp } from '../../mail/ip.ts';

export type Path =
  | {
      readonly kind: 'path';
      /** Without brackets and source route; '' is the null reverse-path. */
      readonly address: string;
      readonly hasDomain: boolean;
      /** Where the text goes on after the bracket. */
      readonly end: number;
    }
  | { readonly kind: 'fault'; readonly fault: PathFault };

export type PathFault = 'brackets' | 'syntax' | 'tooLong';

/** Octets: RFC 5321 §4.5.3.1.1 to §4.5.3.1.3; a path counts with its brackets, so an address has 254. */
const longestLocalPart = 64;
const longestDomain = 255;
const longestAddress = 254;
const longestLabel = 63;

const at = 64;
const dot = 46;
const hyphen = 45;
const quote = 34;
const backslash = 92;
const open = 60;
const close = 62;
const colon = 58;
const comma = 44;
const openLiteral = 91;
const nine = 57;

/** Of ASCII: 1 may stand in a local part without quotes (RFC 5322 §3.2.3), 2 in a label, 3 in both. */
const classes = new Uint8Array(128);
for (const mark of "!#$%&'*+/=?^`{|}~") classes[mark.charCodeAt(0)] = 1;
for (const letter of '-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
  classes[letter.charCodeAt(0)] = 3;
const inLocalPart = 1;
const inLabel = 2;

/** Reads the path that begins at `from` with `<`. `text` holds no control character. */
export function parsePath(text: string, from: number): Path {
  if (text.charCodeAt(from) !== open) return fault('brackets');
  if (text.charCodeAt(from + 1) === close)
    return { kind: 'path', address: '', hasDomain: false, end: from + 2 };
  const start = text.charCodeAt(from + 1) === at ? skipRoute(text, from + 1) : from + 1;
  if (start < 0) return fault('syntax');
  const isQuoted = text.charCodeAt(start) === quote;
  const gap = isQuoted ? skipQuoted(text, start) : skipDotted(text, start, inLocalPart);
  if (gap < 0) return fault('syntax');
  const hasDomain = text.charCodeAt(gap) === at;
  const end = hasDomain ? skipDomain(text, gap + 1) : gap;
  if (end < 0) return fault('syntax');
  if (text.charCodeAt(end) !== close) return fault(text.includes('>', end) ? 'syntax' : 'brackets');
  const address = text.slice(start, end);
  if (isTooLong(address, gap - start)) return fault('tooLong');
  return { kind: 'path', address, hasDomain, end: end + 1 };
}

function isTooLong(address: string, localLength: number): boolean {
  // A character has three octets at most in every unit of it.
  if (address.length * 3 <= longestLocalPart) return false;
  const local = Buffer.byteLength(address.slice(0, localLength));
  const whole = Buffer.byteLength(address);
  return local > longestLocalPart || whole > longestAddress || whole - local - 1 > longestDomain;
}

/** `@one.example,@two.example:`, to be accepted and ignored (RFC 5321 §4.1.1.3 and appendix C). */
function skipRoute(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) === at) {
    i = skipDomain(text, i + 1);
    if (i < 0) return -1;
    const code = text.charCodeAt(i++);
    if (code === colon) return i;
    if (code !== comma) return -1;
  }
  return -1;
}

/** Returns the index after the second quote. */
function skipQuoted(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if (code !== backslash) continue;
    // RFC 5321 §4.1.2: printable ASCII after a backslash.
    const quoted = text.charCodeAt(++i);
    if (!(quoted < 127)) return -1;
  }
  return -1;
}

/** Words with single dots between them: `Dot-string`, or labels. Returns the index after the last. */
function skipDotted(text: string, from: number, mask: number): number {
  let start = from;
  let i = from;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (i === start) return -1;
      start = i + 1;
    } else if (code < 128 && ((classes[code] ?? 0) & mask) === 0) break;
  }
  return i === start ? -1 : i;
}

function skipDomain(text: string, from: number): number {
  if (text.charCodeAt(from) === openLiteral) return skipLiteral(text, from);
  const end = skipDotted(text, from, inLabel);
  return end >= 0 && isDomain(text, from, end) ? end : -1;
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]`; no other kind was ever registered. */
function skipLiteral(text: string, from: number): number {
  const end = text.indexOf(']', from);
  if (end < 0) return -1;
  const inside = text.slice(from + 1, end);
  const isV6 = /^ipv6:/i.test(inside);
  const address = inside.includes('%') ? null : parseIp(isV6 ? inside.slice(5) : inside);
  return address && (address.bytes.length === 16) === isV6 ? end + 1 : -1;
}

/** Labels are known to be neither empty nor made of wrong ASCII. */
function isDomain(text: string, from: number, end: number): boolean {
  let start = from;
  for (let i = from; i <= end; i++) {
    const code = i < end ? text.charCodeAt(i) : dot;
    if (code > 127) return normalizeDomain(text.slice(from, end)) !== null;
    if (code !== dot) continue;
    const isHyphenated = text.charCodeAt(start) === hyphen || text.charCodeAt(i - 1) === hyphen;
    if (isHyphenated || i - start > longestLabel) return false;
    if (i < end) start = i + 1;
  }
  // Only a label that begins with a digit can make it look like an IPv4 address.
  const first = text.charCodeAt(start);
  return first > nine || !looksLikeIPv4(text.slice(start, end));
}

function fault(found: PathFault): Path {
  return { kind: 'fault', fault: found };
}
