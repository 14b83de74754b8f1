/**
 * Names that differ only in the case of ASCII letters are the same to mail and DNS (RFC 5321 section 2.4, RFC 4343);
 * those that differ in other letters are not, whatever Unicode makes of them: `\u212A` is no `k`.
 */
export function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (some) => some.toLowerCase()) : text;
}
