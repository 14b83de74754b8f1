/**
 * Addresses in lines of a log. They hold what strangers wrote: whole pieces of a line that nobody logged.
 *
 * RFC 5321 §4.1.2: blanks and angle brackets stand only in quotes. Where a server wrote them without,
 * nobody can tell where the address ends, and what follows is not believed.
 */

const quote = 0x22;
const backslash = 0x5c;

/** Position of the `>` for the `<` at `at`; -1: there is none that can be trusted. */
export function endOfPath(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3e) return i;
    if (code === quote) {
      i = endOfQuotes(text, i);
      if (i < 0) return -1;
    } else if (code <= 0x20 || code === 0x3c || code === 0x7f) return -1;
  }
  return -1;
}

/** End of an address without brackets that a blank, a colon or the line ends; -1: it never does. */
export function endOfBarePath(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      i = endOfQuotes(text, i);
      if (i < 0) return -1;
    } else if (code === 0x20) return i;
  }
  return text.length;
}

/** Position of the quote that ends those at `at`. */
export function endOfQuotes(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === quote) return i;
  }
  return -1;
}

/** `192.0.2.7` of `name[192.0.2.7]:25` or `name [192.0.2.7] (may be forged)`: the last one. Null: none. */
export function bracketedIp(text: string): string | null {
  const end = text.lastIndexOf(']');
  const start = text.lastIndexOf('[', end);
  if (start < 0 || end < 0) return null;
  const inside = text.slice(start + 1, end);
  const address = /^ipv6:/i.test(inside) ? inside.slice(5) : inside;
  return /^[0-9a-f.:]{2,45}$/i.test(address) ? address : null;
}

/** Whether it is this machine, as far as the address alone tells. */
export function isLoopbackText(address: string): boolean {
  return (
    address.startsWith('127.') ||
    address === '::1' ||
    address === '0:0:0:0:0:0:0:1' ||
    address.startsWith('::ffff:127.')
  );
}
