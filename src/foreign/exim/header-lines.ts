/**
 * The header of the message in a -H file: `NNNc text`, the length with its line ends, and a letter.
 *
 * `*` marks what was replaced or deleted: it is not sent, and does not count. Latin1, one character for
 * each octet.
 */
import { faultAt, numberAt, type SpoolFault } from './spool-lines.ts';

export interface HeaderSize {
  readonly kind: 'size';
  /** Octets that are sent. */
  readonly size: number;
}

/** `at`: position of the first header, behind the blank line. */
export function sizeOfHeader(file: string, at: number): HeaderSize | SpoolFault {
  let size = 0;
  const end = eachHeader(file, at, (from, to) => {
    size += to - from;
  });
  if (end === file.length) return { kind: 'size', size };
  const found = JSON.stringify(file.slice(end, end + 40));
  return faultAt(file, end, 'a header with its length, inside of the file', found);
}

/** What is sent of a header that sizeOfHeader has read. */
export function textOfHeader(file: string, at: number): string {
  const pieces: string[] = [];
  eachHeader(file, at, (from, to) => {
    pieces.push(file.slice(from, to));
  });
  return pieces.join('');
}

/** Takes what is sent; the result is where something else stands, or the end. */
function eachHeader(file: string, start: number, take: (from: number, to: number) => void): number {
  let at = start;
  while (at < file.length) {
    const length = numberAt(file, at);
    if (!length || length.value === 0 || file[length.end + 1] !== ' ') break;
    const from = length.end + 2;
    const to = from + length.value;
    if (to > file.length) break;
    if (file[length.end] !== '*') take(from, to);
    at = to;
  }
  return at;
}
