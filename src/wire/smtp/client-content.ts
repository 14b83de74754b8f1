/**
 * Content as DATA carries it: dots stuffed, every line ended by CRLF, the final dot.
 *
 * RFC 5321 §2.3.8 and §4.5.2. A bare CR or LF never leaves us: a receiver that takes it for a line end
 * would see an end of content that is none. Each becomes a CRLF, before dots are looked for.
 */
const CR = 13;
const LF = 10;
const dot = 46;

export interface DotStuffer {
  /** What to send for this piece; may be the piece itself, so do not change it until it is sent. */
  push(piece: Uint8Array): Uint8Array;
  /** What is still owed: the end of the last line, and the final dot. */
  end(): Uint8Array;
}

export function createDotStuffer(): DotStuffer {
  let isLineStart = true;
  /** The last byte was a CR: whether it is bare only the next one tells. */
  let owesCr = false;

  return {
    push(piece) {
      if (!owesCr && isClean(piece, isLineStart)) {
        const { length } = piece;
        if (length === 0) return piece;
        isLineStart = piece[length - 1] === LF;
        owesCr = piece[length - 1] === CR;
        return owesCr ? piece.subarray(0, length - 1) : piece;
      }
      // At worst each byte becomes two, and a CR is owed from before.
      const out = new Uint8Array(2 * piece.length + 2);
      let at = 0;
      for (const byte of piece) {
        if (owesCr || byte === LF) {
          out[at++] = CR;
          out[at++] = LF;
          isLineStart = true;
          const isPair = owesCr && byte === LF;
          owesCr = false;
          if (isPair || byte === LF) continue;
        }
        if (byte === CR) {
          owesCr = true;
          continue;
        }
        if (isLineStart && byte === dot) out[at++] = dot;
        isLineStart = false;
        out[at++] = byte;
      }
      return out.subarray(0, at);
    },
    end() {
      return Buffer.from(isLineStart && !owesCr ? '.\r\n' : '\r\n.\r\n', 'latin1');
    },
  };
}

/** Nothing to stuff and nothing to mend; a CR at the very end is still to be seen. */
function isClean(piece: Uint8Array, isLineStart: boolean): boolean {
  const last = piece.length - 1;
  let before = isLineStart ? LF : 0;
  for (let i = 0; i <= last; i++) {
    const byte = piece[i] ?? 0;
    // Almost every byte is greater than a dot.
    if (byte <= dot) {
      if (byte === dot) {
        if (before === LF) return false;
      } else if (byte === LF) {
        if (before !== CR) return false;
      }
    }
    if (before === CR && byte !== LF) return false;
    before = byte;
  }
  return true;
}
