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
  const text = buffer.toString('latin1', start, end);
  if (!/[\u0080-\u00ff]/.test(text)) return text;
  return isUtf8(buffer.subarray(start, end)) ? buffer.toString('utf8', start, end) : text;
}
