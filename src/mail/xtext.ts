/**
 * xtext: how ENVID and ORCPT carry any text through an SMTP command.
 *
 * RFC 3461 §4: printable ASCII stands for itself, but for `+` and `=`; any other octet is `+` and two
 * upper case hex digits. RFC 6533 §3: in an ORCPT of type utf-8, `\x{HHHH}` stands for a character,
 * and UTF-8 may stand there as it is where SMTPUTF8 was agreed upon.
 */
const plain = /^[!-*,-<>-~]*$/;

/** `text` stands for its UTF-8 octets. */
export function encodeXtext(text: string): string {
  if (plain.test(text)) return text;
  let encoded = '';
  for (const octet of Buffer.from(text)) {
    const character = String.fromCharCode(octet);
    encoded += plain.test(character)
      ? character
      : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/**
 * The text that was encoded, its octets read as UTF-8. Null where `xtext` is none: a `+` without two
 * hex digits, `=`, a blank, a control. Characters beyond ASCII stand for themselves (RFC 6533).
 */
export function decodeXtext(xtext: string): string | null {
  if (plain.test(xtext)) return xtext;
  if (!/^(?:\+[0-9A-Fa-f]{2}|[!-*,-<>-~]|[^\u0000-\u009f])*$/u.test(xtext)) return null;
  const octets = Buffer.from(xtext);
  const decoded = Buffer.alloc(octets.length);
  let length = 0;
  for (let i = 0; i < octets.length; i++) {
    const isEncoded = octets[i] === 0x2b;
    const hex = isEncoded ? octets.toString('latin1', i + 1, i + 3) : '';
    decoded[length++] = isEncoded ? Number.parseInt(hex, 16) : (octets[i] ?? 0);
    if (isEncoded) i += 2;
  }
  return decoded.toString('utf8', 0, length);
}
