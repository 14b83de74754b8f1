/**
 * The fields of a header inside of a notice, in place and as damaged as they come.
 *
 * RFC 5322 §2.2 (fields, folding), RFC 3464 §2.1 (a delivery status is made of such blocks). Lines end
 * in CRLF or LF. What is no field is passed over.
 */
import { unfold } from '../mail/header.ts';
import { textOf } from '../mail/text.ts';

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
export function eachField(bytes: Buffer, start: number, end: number, take: TakeField): number {
  let at = start;
  while (at < end) {
    if (bytes[at] === lf) return at + 1;
    if (bytes[at] === cr && bytes[at + 1] === lf) return at + 2;
    let next = nextLine(bytes, at, end);
    while (next > 0 && next < end && isBlank(bytes[next])) next = nextLine(bytes, next, end);
    if (next < 0) return end;
    const nameEnd = endOfName(bytes, at, next);
    const valueStart = skipBlanks(bytes, nameEnd, next);
    if (nameEnd > at && bytes[valueStart] === colon) take(at, nameEnd - at, valueStart + 1, next);
    at = next;
  }
  return end;
}

/** The value on one line, without blanks around it; null where it is longer than `limit` octets. */
export function wholeValue(
  bytes: Buffer,
  start: number,
  end: number,
  limit: number,
): string | null {
  const from = skipBlanks(bytes, start, end);
  const to = withoutLineEnd(bytes, from, end);
  return to - from > limit ? null : unfold(textOf(bytes, from, to));
}

/** The same, cut at `limit` octets. */
export function valueBeginning(bytes: Buffer, start: number, end: number, limit: number): string {
  const from = skipBlanks(bytes, start, end);
  const to = withoutLineEnd(bytes, from, end);
  return unfold(textOf(bytes, from, Math.min(to, from + limit)));
}

/** Before the text is made: most values are on one line then, and need no more work. */
function withoutLineEnd(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] ?? 0) <= space) at--;
  return at;
}

/** The place after the line's end; -1 where it has none before `end`. */
export function nextLine(bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(lf, start);
  return found < 0 || found >= end ? -1 : found + 1;
}

function endOfName(bytes: Buffer, start: number, end: number): number {
  let at = start;
  // RFC 5322 §3.6.8: a name is printable ASCII without the colon.
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20 || byte >= 0x7f || byte === colon) break;
  }
  return at;
}

function skipBlanks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}
