/**
 * Whose results an Authentication-Results field claims to be.
 *
 * RFC 8601 §2.2 (`[CFWS] authserv-id [CFWS authres-version]`; the id is a MIME value: a token or a
 * quoted string), §5 (a field that comes in with our own id is a lie and goes).
 */

/** In lower case; '' where there is none. `value` may be folded. */
export function authservIdOf(value: string): string {
  const start = skipComments(value, 0);
  if (value[start] === '"') return quoted(value, start).toLowerCase();
  const found = /^[^\s;()"]*/.exec(value.slice(start, start + 300));
  return (found?.[0] ?? '').toLowerCase().replace(/\.$/, '');
}

/** Blanks and comments, which nest (RFC 5322 §3.2.2). */
function skipComments(value: string, start: number): number {
  let depth = 0;
  for (let at = start; at < value.length; at++) {
    const character = value[at] ?? '';
    if (depth > 0 && character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')' && depth > 0) depth--;
    else if (depth === 0 && !/\s/.test(character)) return at;
  }
  return value.length;
}

function quoted(value: string, start: number): string {
  let text = '';
  for (let at = start + 1; at < value.length && value[at] !== '"'; at++) {
    if (value[at] === '\\') at++;
    text += value[at] ?? '';
  }
  return text.replace(/\r?\n/g, '').trim().replace(/\.$/, '');
}
