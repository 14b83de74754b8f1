/**
 * The header of the message in a -H file: `NNNc text`, the length with its line ends, and a letter.
 *
 * `*` marks what was replaced or deleted: it is not sent, and does not count.
 */
import { faultAt, numberAt, type SpoolFault } from './spool-lines.ts';

const deleted = 42;

export interface HeaderSize {
  readonly kind: 'size';
  /** Octets that are sent. */
  readonly size: number;
}

/** `at`: position of the first header, behind the blank line. */
export function sizeOfHeader(bytes: Buffer, at: number): HeaderSize | SpoolFault {
  let size = 0;
  while (at < bytes.length) {
    const header = headerAt(bytes, at);
    if (!header) {
      const found = JSON.stringify(bytes.toString('latin1', at, Math.min(bytes.length, at + 40)));
      return faultAt(bytes, at, 'a header with its length, inside of the file', found);
    }
    if (!header.isDeleted) size += header.end - header.start;
    at = header.end;
  }
  return { kind: 'size', size };
}

/** Writes what is sent of a header that sizeOfHeader has read; at most what has room. */
export function copyHeader(bytes: Buffer, at: number, target: Buffer): number {
  let length = 0;
  while (at < bytes.length) {
    const header = headerAt(bytes, at);
    if (!header) break;
    if (!header.isDeleted) length += bytes.copy(target, length, header.start, header.end);
    at = header.end;
  }
  return length;
}

function headerAt(
  bytes: Buffer,
  at: number,
): { readonly start: number; readonly end: number; readonly isDeleted: boolean } | null {
  const length = numberAt(bytes, at);
  if (!length || bytes[length.end + 1] !== 32) return null;
  const start = length.end + 2;
  const end = start + length.value;
  if (length.value === 0 || end > bytes.length) return null;
  return { start, end, isDeleted: bytes[length.end] === deleted };
}
