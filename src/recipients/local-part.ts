/**
 * Local parts as we compare them.
 *
 * RFC 5321 §2.4 leaves it to the host that owns a mailbox whether letter case counts. Here it does
 * not, as in every mail system in wide use: two mailboxes `Ann` and `ann` would only serve a forger.
 */

const dotAtom =
  /^[^\s"(),.:;<>@[\\\]\u0000-\u0020\u007f]+(\.[^\s"(),.:;<>@[\\\]\u0000-\u0020\u007f]+)*$/;
const ascii = /^[\u0020-\u007e]*$/;

/** `"Ann"` and `ann` are the same mailbox (RFC 5321 §4.1.2); so are the ways to write an umlaut (NFC). */
export function foldLocalPart(localPart: string): string {
  const bare = localPart.startsWith('"') ? unquote(localPart) : localPart;
  if (ascii.test(bare)) return bare.toLowerCase();
  return bare.normalize('NFC').toLowerCase().normalize('NFC');
}

/** `ann` of `ann+news`; null where there is no detail. A name cannot be empty. */
export function withoutDetail(folded: string, separator: string | null): string | null {
  const at = separator === null ? -1 : folded.indexOf(separator, 1);
  return at < 0 ? null : folded.slice(0, at);
}

/** As it stands in a path: in quotes where it is no dot-atom (RFC 5321 §4.1.2). */
export function quoteLocalPart(bare: string): string {
  return dotAtom.test(bare) ? bare : `"${bare.replace(/["\\]/g, '\\$&')}"`;
}

function unquote(text: string): string {
  if (text.length < 2 || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}
