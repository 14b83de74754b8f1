/**
 * Bytes to lines, for both ends of an SMTP conversation.
 *
 * RFC 5321 §2.3.8: only CRLF ends a line; a bare CR or LF is part of it.
 */
const CR = 13;
const LF = 10;

export interface CutLines {
  /** Without their CRLF. */
  readonly lines: readonly Buffer[];
  /** The begun line; put it before the next bytes. */
  readonly rest: Buffer;
  /** A line, finished or begun, is longer than the limit; what comes before it is in `lines`. */
  readonly tooLong: boolean;
}

/** Cuts at every CRLF; `limit` is the greatest length of a line in bytes, CRLF not counted. */
export function cutLines(bytes: Buffer, limit: number): CutLines {
  const lines: Buffer[] = [];
  let start = 0;
  for (let from = 0; ; ) {
    const at = bytes.indexOf(LF, from);
    if (at < 0) break;
    from = at + 1;
    if (at === start || bytes[at - 1] !== CR) continue;
    if (at - 1 - start > limit) return { lines, rest: bytes.subarray(start), tooLong: true };
    lines.push(bytes.subarray(start, at - 1));
    start = from;
  }
  // A final CR may yet turn out to belong to a CRLF.
  const rest = bytes.subarray(start);
  return { lines, rest, tooLong: rest.length > limit + 1 };
}
