/**
 * What hashing a content would cost, so that nobody can have us hash for minutes.
 *
 * mailauth takes time with the number of lines, and with the square of the length of a line. Real
 * messages stay far below both limits: a text of 50 MB in base64 has 650,000 lines.
 */
const linesLimit = 1_500_000;
const lineLimit = 100_000;

export interface HashingEffort {
  /** Whether the content is too much with this piece. */
  exceeds(piece: Uint8Array): boolean;
}

export function createHashingEffort(): HashingEffort {
  let lines = 0;
  /** Octets since the last line end. */
  let length = 0;
  return {
    exceeds(piece) {
      let start = 0;
      for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
        if (length + end - start > lineLimit) return true;
        lines++;
        length = 0;
        start = end + 1;
      }
      length += piece.length - start;
      return lines > linesLimit || length > lineLimit;
    },
  };
}
