/**
 * Lines in sendmail's control files, which are latin1 here: one character for each octet.
 */

/** Where the line that begins at `start` ends: at its LF, or where the file does. */
export function endOfLine(file: string, start: number): number {
  const end = file.indexOf('\n', start);
  return end < 0 ? file.length : end;
}

/** A line that begins so goes on with the one before. */
export function isBlank(file: string, at: number): boolean {
  const octet = file[at];
  return octet === ' ' || octet === '\t';
}
