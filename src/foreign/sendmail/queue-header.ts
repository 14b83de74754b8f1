/**
 * The header of a message, which sendmail keeps in its control file.
 *
 * Sendmail Installation and Operation Guide, appendix B (H lines).
 */
import { endOfLine, isBlank } from './queue-lines.ts';

/**
 * The message's header out of its H records, lines ended by LF, with the empty line after it; at most
 * about `limit` octets. Of a file that is whole.
 */
export function headerOf(bytes: Buffer, length: number, limit: number): Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let at = 0; at < length && size < limit; ) {
    const start = at;
    let end = endOfLine(bytes, start, length);
    at = end + 1;
    for (; at < length && isBlank(bytes[at]); at = end + 1) end = endOfLine(bytes, at, length);
    if (bytes[start] !== 0x48) continue;
    // H?flags?Name: value, where the flags are those of the mailers that want the field.
    const mark = bytes[start + 1] === 0x3f ? bytes.indexOf(0x3f, start + 2) : start;
    if (mark < 0 || mark >= end) continue;
    const piece = bytes.subarray(mark + 1, Math.min(end + 1, length));
    pieces.push(piece);
    size += piece.length;
  }
  pieces.push(Buffer.from('\n'));
  return Buffer.concat(pieces);
}
