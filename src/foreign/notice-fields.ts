/**
 * The fields of a header inside of a notice, in place and as damaged as they come.
 *
 * RFC 5322 §2.2 (fields, folding), RFC 3464 §2.1 (a delivery status is made of such blocks). Lines end
 * in CRLF or LF. What is no field is passed over. Texts are latin1, one character for each octet.
 */
import { unfold } from '../mail/header.ts';
import { fromOctets } from '../mail/text.ts';

/** Offsets: where the name starts, how long it is, where the value starts and where it ends. */
export type TakeField = (
  start: number,
  nameLength: number,
  valueStart: number,
  valueEnd: number,
) => void;

const [lf, cr, space, tab, colon] = [0x0a, 0x0d, 0x20, 0x09, 0x3a];

/**
 * Hands over the fields from `start` on; the result is the place after the empty line that ends them,
 * or `end`. A line that has no end is the cut of something longer, so it tells nothing.
 */
export function eachField(text: string, start: number, end: number, take: TakeField): number {
  let at = start;
  while (at < end) {
    const first = text.charCodeAt(at);
    if (first === lf) return at + 1;
    if (first === cr && text.charCodeAt(at + 1) === lf) return at + 2;
    let next = nextLine(text, at, end);
    while (next > 0 && next < end && isBlank(text.charCodeAt(next)))
      next = nextLine(text, next, end);
    if (next < 0) return end;
    const nameEnd = endOfName(text, at, next);
    const valueStart = skipBlanks(text, nameEnd, next);
    if (nameEnd > at && text.charCodeAt(valueStart) === colon)
      take(at, nameEnd - at, valueStart + 1, next);
    at = next;
  }
  return end;
}

/** Whether the name that starts there, which is as long, is `lower` in any case. */
export function isFieldNamed(text: string, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const code = text.charCodeAt(start + i);
    const small = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (small !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** The value on one line, without blanks around it; null where it is longer than `limit` octets. */
export function wholeValue(text: string, start: number, end: number, limit: number): string | null {
  const from = skipBlanks(text, start, end);
  const to = withoutLineEnd(text, from, end);
  return to - from > limit ? null : onOneLine(text, from, to);
}

/** The same, cut at `limit` octets. */
export function valueBeginning(text: string, start: number, end: number, limit: number): string {
  const from = skipBlanks(text, start, end);
  const to = withoutLineEnd(text, from, end);
  return onOneLine(text, from, Math.min(to, from + limit));
}

function onOneLine(text: string, start: number, end: number): string {
  const value = fromOctets(text.slice(start, end));
  return value.includes('\n') ? unfold(value) : value;
}

function withoutLineEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) <= space) at--;
  return at;
}

/** The place after the line's end; -1 where it has none before `end`. */
export function nextLine(text: string, start: number, end: number): number {
  const found = text.indexOf('\n', start);
  return found < 0 || found >= end ? -1 : found + 1;
}

function endOfName(text: string, start: number, end: number): number {
  let at = start;
  // RFC 5322 §3.6.8: a name is printable ASCII without the colon.
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || code === colon) break;
  }
  return at;
}

function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
