/**
 * The header of a message, which sendmail keeps in its control file.
 *
 * Sendmail Installation and Operation Guide, appendix B (H lines).
 */
import { endOfLine, isBlank } from './queue-lines.ts';

/**
 * The message's header out of its H records, as latin1, lines ended by LF, with the empty line after it; at
 * most about `limit` octets. Of a file that is whole.
 */
export function headerOf(file: string, limit: number): string {
  const pieces: string[] = [];
  let size = 0;
  for (let at = 0; at < file.length && size < limit; ) {
    const start = at;
    let end = endOfLine(file, start);
    at = end + 1;
    for (; at < file.length && isBlank(file, at); at = end + 1) end = endOfLine(file, at);
    if (file[start] !== 'H') continue;
    // H?flags?Name: value, where the flags are those of the mailers that want the field.
    const mark = file[start + 1] === '?' ? file.indexOf('?', start + 2) : start;
    if (mark < 0 || mark >= end) continue;
    const piece = file.slice(mark + 1, end + 1);
    pieces.push(piece);
    size += piece.length;
  }
  pieces.push('\n');
  return pieces.join('');
}
