/**
 * Keys and values of the tcp_table protocol: `%`, blanks and whatever is not printable as `%XX`.
 *
 * Postfix tcp_table(5); src/util/hex_quote.c decodes any `%XX`. Text has one character for each byte.
 */
export function quote(text: string): string {
  return text.replace(
    /[^\u0021-\u0024\u0026-\u007e]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Null where a `%` is not followed by two hexadecimal digits. */
export function unquote(text: string): string | null {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  return text.replace(/%(..)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
