/**
 * Lines of the filter protocol, of which none is let grow without end.
 */
export interface LineReading {
  /** Bytes of a line that is not complete. */
  readonly rest: Buffer;
  /** The beginning of this line was given out already, cut: what comes up to its end is dropped. */
  readonly isSkipping: boolean;
}

export interface FilterLine {
  /** Without its end; latin1, one byte per character. */
  readonly text: string;
  /** It was longer than the limit, and this is its beginning. */
  readonly isCut: boolean;
}

export const noLine: LineReading = { rest: Buffer.alloc(0), isSkipping: false };

/** Bytes. smtpd itself takes none of more than 65,536, and no field of interest here has a thousand. */
export const lineLimit = 16_384;

const lineEnd = 0x0a;

/** Call again with `reading` and the next bytes. */
export function parseLines(before: LineReading, chunk: Buffer, limit: number) {
  const bytes = before.rest.length > 0 ? Buffer.concat([before.rest, chunk]) : chunk;
  const lines: FilterLine[] = [];
  let { isSkipping } = before;
  let at = 0;
  for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, at)) {
    if (!isSkipping) lines.push(lineOf(bytes, at, end, limit));
    isSkipping = false;
    at = end + 1;
  }
  if (isSkipping) return { lines, reading: { rest: noLine.rest, isSkipping } };
  if (bytes.length - at <= limit)
    return { lines, reading: { rest: bytes.subarray(at), isSkipping } };
  lines.push(lineOf(bytes, at, bytes.length, limit));
  return { lines, reading: { rest: noLine.rest, isSkipping: true } };
}

function lineOf(bytes: Buffer, start: number, end: number, limit: number): FilterLine {
  const isCut = end - start > limit;
  return { text: bytes.toString('latin1', start, isCut ? start + limit : end), isCut };
}
