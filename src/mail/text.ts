/**
 * Octets of a header or an envelope as text.
 */
import { isUtf8 } from 'node:buffer';

/**
 * Text as UTF-8 where it is such (RFC 6531 addresses), otherwise each byte as one character, so that
 * nothing is lost.
 */
export function textOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return fromOctets(buffer.toString('latin1', start, end));
}

/** The same for octets that stand as one character each: a part of a file that was read as latin1. */
export function fromOctets(octets: string): string {
  if (!/[\u0080-\u00ff]/.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : octets;
}
