/**
 * Lines in the octets of sendmail's control files.
 */
const newline = 0x0a;

/** Where the line that begins at `start` ends: at its LF, or at `length`, where the file does. */
export function endOfLine(bytes: Buffer, start: number, length: number): number {
  const end = bytes.indexOf(newline, start);
  return end < 0 || end > length ? length : end;
}

/** A line that begins so goes on with the one before. */
export function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
