/**
 * A look into content, where a next hop cannot take everything: what does it really need?
 *
 * RFC 6531 §3.6 (a message without UTF-8 in envelope and header needs no SMTPUTF8), RFC 3030 §3 (what
 * is called binary may be ordinary lines).
 */
export interface ContentFacts {
  /** Octets above 127 in the header. */
  readonly hasUtf8Header: boolean;
  /** Lines as RFC 5321 allows them: no bare CR or LF, no NUL, no line over 998 octets. */
  readonly isLines: boolean;
}

export interface ContentLook {
  push(piece: Uint8Array): void;
  end(): ContentFacts;
}

const CR = 13;
const LF = 10;
const longestLine = 998;

export function createContentLook(): ContentLook {
  let isHeader = true;
  let hasUtf8Header = false;
  let isLines = true;
  let length = 0;
  let before = LF;

  return {
    push(piece) {
      for (const byte of piece) {
        if (byte === LF) {
          if (before !== CR) isLines = false;
          if (length === 0) isHeader = false;
          length = 0;
        } else {
          if (before === CR) isLines = false;
          if (byte !== CR) length++;
          if (byte === 0 || length > longestLine) isLines = false;
          if (byte > 127 && isHeader) hasUtf8Header = true;
        }
        before = byte;
      }
    },
    end: () => ({ hasUtf8Header, isLines: isLines && before !== CR }),
  };
}
