/**
 * Walking over the lines of a spool file, which is latin1 here: one character for each octet.
 */
import { fromOctets } from '../../mail/text.ts';

export interface SpoolFault {
  readonly kind: 'fault';
  /** What was expected, what was found, and in which line. */
  readonly problem: string;
}

export class SpoolLines {
  readonly file: string;
  /** Of the line that `next` moved to: its first octet, and the line feed behind it. */
  start = 0;
  end = -1;

  constructor(file: string) {
    this.file = file;
  }

  /** Moves to the next line; false where no complete one follows. */
  next(): boolean {
    const start = this.end + 1;
    const end = this.file.indexOf('\n', start);
    if (end < 0) return false;
    this.start = start;
    this.end = end;
    return true;
  }

  /** The octets after the line are data of that length and a line feed. False where there are fewer. */
  skip(length: number): boolean {
    const end = this.end + 1 + length;
    if (this.file[end] !== '\n') return false;
    this.end = end;
    return true;
  }

  text(from = this.start, to = this.end): string {
    return fromOctets(this.file.slice(from, to));
  }

  /** An octet of the line, the first if not told otherwise; '' behind its end. */
  octet(at = 0): string {
    const position = this.start + at;
    return position < this.end ? this.file.charAt(position) : '';
  }

  /** Whether `ascii` stands in the line at this position of the file. */
  has(ascii: string, position: number): boolean {
    return position + ascii.length <= this.end && this.file.startsWith(ascii, position);
  }

  /** About the line that `next` moved to. */
  faultHere(expected: string): SpoolFault {
    const found = this.text(this.start, Math.min(this.end, this.start + 80));
    return faultAt(this.file, this.start, expected, JSON.stringify(found));
  }

  /** Where a line should have followed. */
  faultAfter(expected: string): SpoolFault {
    return faultAt(this.file, this.end + 1, expected, 'the end of the file');
  }
}

export function faultAt(
  file: string,
  position: number,
  expected: string,
  found: string,
): SpoolFault {
  let line = 1;
  for (let at = file.indexOf('\n'); at >= 0 && at < position; at = file.indexOf('\n', at + 1))
    line++;
  return { kind: 'fault', problem: `expected ${expected} in line ${line}, found ${found}` };
}

/** Decimal digits at `position`, at most nine of them; null where there are none, or more. */
export function numberAt(
  file: string,
  position: number,
): { readonly value: number; readonly end: number } | null {
  let value = 0;
  let end = position;
  for (; end < file.length; end++) {
    const digit = file.charCodeAt(end) - 48;
    if (digit < 0 || digit > 9) break;
    if (end - position >= 9) return null;
    value = value * 10 + digit;
  }
  return end === position ? null : { value, end };
}
