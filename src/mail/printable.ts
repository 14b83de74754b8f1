/**
 * Text of strangers, made harmless for a terminal and for a log.
 *
 * Addresses, greetings and DNS names are written by attackers; an escape sequence in one of them
 * must not move the cursor, colour the screen or forge a line.
 */

// C0 and C1 controls, DEL, the marks that reorder text, line separators, lone surrogates.
const dangerous =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** JSON on one line, its strings exact: what a terminal could obey is escaped as JSON does. */
export function printableJson(json: string): string {
  return json.replace(
    dangerous,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Replaces every character that a terminal could obey by `\xNN` or `\u{N}`; caps at `limit` characters. */
export function printable(text: string, limit = 1000): string {
  const shown =
    text.length > limit ? `${text.slice(0, limit)}... (${text.length} characters)` : text;
  return shown.replace(dangerous, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
