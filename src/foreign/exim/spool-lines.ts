/**
 * Walking over the lines of a spool file without making text of them.
 */
import { textOf } from '../../mail/text.ts';

const feed = 10;

export interface SpoolFault {
  readonly kind: 'fault';
  /** What was expected, what was found, and in which line. */
  readonly problem: string;
}

export class SpoolLines {
  readonly bytes: Buffer;
  /** Of the line that `next` moved to: its first octet, and the line feed behind it. */
  start = 0;
  end = -1;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Moves to the next line; false where no complete one follows. */
  next(): boolean {
    const start = this.end + 1;
    const end = this.bytes.indexOf(feed, start);
    if (end < 0) return false;
    this.start = start;
    this.end = end;
    return true;
  }

  /** The octets after the line are data of that length and a line feed. False where there are fewer. */
  skip(length: number): boolean {
    const end = this.end + 1 + length;
    if (end >= this.bytes.length || this.bytes[end] !== feed) return false;
    this.end = end;
    return true;
  }

  text(from = this.start, to = this.end): string {
    return textOf(this.bytes, from, to);
  }

  /** The first octet of the line, from `at` on. */
  octet(at = 0): number | undefined {
    const position = this.start + at;
    return position < this.end ? this.bytes[position] : undefined;
  }

  /** Whether `ascii` stands in the line at this position of the file. */
  has(ascii: string, position: number): boolean {
    if (position + ascii.length > this.end) return false;
    for (let i = 0; i < ascii.length; i++)
      if (this.bytes[position + i] !== ascii.charCodeAt(i)) return false;
    return true;
  }

  /** About the line that `next` moved to. */
  faultHere(expected: string): SpoolFault {
    const found = this.text(this.start, Math.min(this.end, this.start + 80));
    return faultAt(this.bytes, this.start, expected, JSON.stringify(found));
  }

  /** Where a line should have followed. */
  faultAfter(expected: string): SpoolFault {
    return faultAt(this.bytes, this.end + 1, expected, 'the end of the file');
  }
}

export function faultAt(
  bytes: Buffer,
  position: number,
  expected: string,
  found: string,
): SpoolFault {
  let line = 1;
  for (let at = bytes.indexOf(feed); at >= 0 && at < position; at = bytes.indexOf(feed, at + 1))
    line++;
  return { kind: 'fault', problem: `expected ${expected} in line ${line}, found ${found}` };
}

/** Decimal digits at `position`, at most nine of them; null where there are none, or more. */
export function numberAt(
  bytes: Buffer,
  position: number,
): { readonly value: number; readonly end: number } | null {
  let value = 0;
  let end = position;
  for (; end < bytes.length; end++) {
    const digit = (bytes[end] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    if (end - position >= 9) return null;
    value = value * 10 + digit;
  }
  return end === position ? null : { value, end };
}
