/**
 * ORCPT: for whom the message was meant before anybody rewrote the address.
 *
 * RFC 3461 §4.2 (`rfc822;ann+40example.org`), RFC 6533 §3 (`utf-8;j\x{FC}rgen@example.org`).
 */
import { decodeXtext } from '../../mail/xtext.ts';

/** RFC 3461 §4.2: octets, type and xtext together. */
const longest = 500;
const form = /^([A-Za-z0-9-]{1,40});(.+)$/;
const control = /[\u0000-\u001f\u007f-\u009f]/;
const embedded = /\\x\{([0-9A-Fa-f]{2,6})\}/g;
const utf8Form = /^(?:\\x\{[0-9A-Fa-f]{2,6}\}|[^\\])*$/;

/** `rfc822;ann@example.org`, the type in lower case. Null where it is malformed or has controls in it. */
export function parseOrcpt(value: string): string | null {
  if (Buffer.byteLength(value) > longest) return null;
  const [, type = '', encoded = ''] = form.exec(value) ?? [];
  const lower = type.toLowerCase();
  const address = lower === 'utf-8' ? decodeUtf8(encoded) : decodeXtext(encoded);
  return !address || control.test(address) ? null : `${lower};${address}`;
}

/** utf-8-addr-xtext and utf-8-addr-unitext: `\x{HHHH}` is a character, all else stands for itself. */
function decodeUtf8(encoded: string): string | null {
  if (!utf8Form.test(encoded)) return null;
  const codes = Array.from(encoded.matchAll(embedded), ([, hex = '']) => Number.parseInt(hex, 16));
  if (codes.some((code) => code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))) return null;
  return encoded.replace(embedded, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}
