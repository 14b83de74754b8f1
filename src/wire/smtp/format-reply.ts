/**
 * A reply as the bytes on the wire.
 *
 * RFC 5321 §4.2.1 (several lines), §4.5.3.1.5 (at most 512 octets each), RFC 2034 §4 (the enhanced code
 * stands on every line). Text of strangers, such as a backend's, is made harmless: one that holds a
 * line end must not become two replies.
 */
import { type Reply, replies } from '../../mail/reply.ts';

/** Octets of text in a line: 512 less code, enhanced code, blanks and CRLF. */
const longestText = 480;
/** Characters of one reply; what is longer is cut. */
const longestReply = 4000;
const unprintable = /[^\x20-\x7e]+/g;

/** Only ASCII, whole lines. `lines` follow the text of the reply. */
export function formatSmtpReply(reply: Reply, lines?: readonly string[]): string {
  if (lines) return joinLines(reply, [reply.text, ...lines]);
  return made.get(reply) ?? joinLines(reply, foldText(reply.text));
}

function joinLines({ code, status }: Reply, texts: readonly string[]): string {
  const enhanced = status === '' ? '' : `${clean(status)} `;
  const last = texts.length - 1;
  return texts
    .map((text, i) => `${code}${i < last ? '-' : ' '}${enhanced}${clean(text)}\r\n`)
    .join('');
}

/** Broken at blanks where it can be. */
function foldText(text: string): string[] {
  if (text.length <= longestText) return [text];
  const lines: string[] = [];
  let rest = text.slice(0, longestReply);
  while (rest.length > longestText) {
    const gap = rest.lastIndexOf(' ', longestText);
    const end = gap > 0 ? gap : longestText;
    lines.push(rest.slice(0, end));
    rest = rest.slice(gap > 0 ? end + 1 : end);
  }
  return [...lines, rest];
}

function clean(text: string): string {
  return text.replace(unprintable, '?');
}

/** Nearly all that is said stands in the table, and is made once. */
const made = new Map<Reply, string>(
  Object.values(replies).map((reply) => [reply, joinLines(reply, [reply.text])]),
);
