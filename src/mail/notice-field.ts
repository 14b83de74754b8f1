/**
 * Fields of a notice whose values are words of strangers: nothing in them can end the field.
 *
 * RFC 5322 §2.1.1 and §2.2.3 (998 octets a line, folding), RFC 6533 §3 (utf-8-addr-xtext).
 */
import { encodeXtext } from './xtext.ts';

/** Characters of a value that are shown at most; more is no help to anybody. */
const longest = 2000;
/** A word of more octets than this is cut in two. */
const longestWord = 900;
const width = 76;

/** `name: value`, folded at blanks, with CRLF. `utf8`: whether such text may stand there. */
export function formatField(name: string, value: string, utf8: boolean): string {
  let text = `${name}:`;
  let column = text.length;
  for (const word of wordsOf(cleanText(value, utf8))) {
    const isLong = column + 1 + word.length > width;
    // A line of blanks alone is obsolete, so the first word follows its name.
    text += isLong && column > name.length + 1 ? `\r\n ${word}` : ` ${word}`;
    column = isLong ? 1 + word.length : column + 1 + word.length;
  }
  return `${text}\r\n`;
}

/** One line: controls are blanks, and what is not ASCII is `?` unless it may be there. */
export function cleanText(value: string, utf8: boolean): string {
  const cut = value.length > longest ? `${value.slice(0, longest)}...` : value;
  const line = cut
    .toWellFormed()
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();
  return utf8 ? line : line.replace(/[^ -~]/gu, '?');
}

/** The words of one line, those that fit into no line in pieces. */
export function wordsOf(line: string): string[] {
  return line.split(' ').flatMap((word) => {
    if (Buffer.byteLength(word) <= longestWord) return word;
    const pieces: string[] = [''];
    for (const character of word) {
      const last = pieces.at(-1) ?? '';
      if (last.length < longestWord / 4) pieces[pieces.length - 1] = last + character;
      else pieces.push(character);
    }
    return pieces;
  });
}

/** An address of ours with its type; RFC 3464 §2.3.2, RFC 6533 §3. */
export function formatTypedAddress(address: string, utf8: boolean): string {
  if (/^[ -~]*$/.test(address)) return `rfc822; ${address}`;
  return utf8 ? `utf-8; ${address}` : `utf-8; ${escapeUtf8(address)}`;
}

/** `rfc822;ann@example.org` as the sender gave it, decoded from xtext. */
export function formatOrcpt(orcpt: string, utf8: boolean): string {
  const semicolon = orcpt.indexOf(';');
  const type = orcpt.slice(0, Math.max(semicolon, 0)).trim();
  const address = orcpt.slice(semicolon + 1).trim();
  const named = /^[A-Za-z0-9-]{1,40}$/.test(type) ? type : 'unknown';
  // What no ASCII field can hold stays encoded.
  const isPlain = /^[ -~]*$/.test(address);
  if (isPlain) return `${named}; ${address}`;
  if (utf8 && !/[\u0000-\u001f\u007f-\u009f]/.test(address)) return `${named}; ${address}`;
  return `${named}; ${named.toLowerCase() === 'utf-8' ? escapeUtf8(address) : encodeXtext(address)}`;
}

/** `jürgen` is `j\x{FC}rgen` (RFC 6533 §3, EmbeddedUnicodeChar). */
function escapeUtf8(text: string): string {
  let escaped = '';
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0;
    const isPlain = code > 0x20 && code < 0x7f && !'\\+='.includes(character);
    escaped += isPlain ? character : `\\x{${code.toString(16).toUpperCase().padStart(2, '0')}}`;
  }
  return escaped;
}
