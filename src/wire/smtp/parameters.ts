/**
 * What follows a path in MAIL and RCPT: `SIZE=1000 BODY=8BITMIME SMTPUTF8`.
 *
 * RFC 5321 §4.1.2: esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"), and a value without blanks,
 * controls and `=`.
 */

/** Keywords in upper case; null where there is no `=`. */
export type Parameters = ReadonlyMap<string, string | null>;

export type ParametersFault = 'syntax' | 'twice';

const none: Parameters = new Map();
const form = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=]+))?$/;

/** `text` from `from` on, which is the index after the path. */
export function parseParameters(text: string, from: number): Parameters | ParametersFault {
  if (from === text.length) return none;
  if (text[from] !== ' ') return 'syntax';
  const found = new Map<string, string | null>();
  for (const word of text.slice(from).split(' ')) {
    if (word === '') continue;
    const [, keyword, value] = form.exec(word) ?? [];
    if (keyword === undefined) return 'syntax';
    const name = keyword.toUpperCase();
    if (found.has(name)) return 'twice';
    found.set(name, value ?? null);
  }
  return found;
}
