/**
 * The lines of a map: a text file of names and what they stand for, as mail servers keep them.
 *
 * Bytes in, logical lines out: without comments and empty lines, and with the lines that continue one
 * joined to it. Text is UTF-8; bytes that are none become U+FFFD, which matches no address.
 */

export interface MapLine {
  /** Of its first physical line, from 1. */
  readonly number: number;
  readonly text: string;
}

export type MapLines = readonly MapLine[] | { readonly problem: string };

export interface MapLineReader {
  /** The lines that are complete with this piece, or why this is no text. */
  write(piece: Uint8Array): MapLines;
  end(): MapLines;
}

export interface MapLineStyle {
  /** Whether a line that begins with a blank continues the one before. */
  readonly continues: boolean;
  /** Whether a line that begins with `#` is a comment. */
  readonly comments: boolean;
}

/** An alias may list many members. */
const lineLimit = 1024 * 1024;

export function createMapLineReader({ continues, comments }: MapLineStyle): MapLineReader {
  /** latin1, so that a piece may end within a character. */
  let rest = '';
  let number = 0;
  let pending: { number: number; text: string } | null = null;

  function take(physical: readonly string[]): MapLines {
    const lines: MapLine[] = [];
    for (const raw of physical) {
      number++;
      const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (isEmpty(text) || (comments && isComment(text))) continue;
      const isMore = continues && pending !== null && isBlank(text);
      if (isMore && pending) {
        pending.text += text;
        if (pending.text.length > lineLimit) return tooLong(pending.number);
        continue;
      }
      if (pending) lines.push(decode(pending));
      pending = { number, text };
      if (!continues) {
        lines.push(decode(pending));
        pending = null;
      }
    }
    return lines;
  }

  return {
    write(piece) {
      const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
      if (text.includes('\0')) return { problem: `line ${number + 1}: this is no text` };
      const physical = (rest + text).split('\n');
      rest = physical.pop() ?? '';
      if (rest.length > lineLimit) return tooLong(number + 1);
      return take(physical);
    },
    end() {
      const lines = take(rest === '' ? [] : [rest]);
      if ('problem' in lines || pending === null) return lines;
      const last = decode(pending);
      pending = null;
      return [...lines, last];
    },
  };
}

function tooLong(number: number): MapLines {
  return { problem: `line ${number}: more than ${lineLimit} octets` };
}

function decode({ number, text }: MapLine): MapLine {
  if (!/[\u0080-\u00ff]/.test(text)) return { number, text };
  return { number, text: Buffer.from(text, 'latin1').toString() };
}

function isBlank(text: string): boolean {
  return text.startsWith(' ') || text.startsWith('\t');
}

function isEmpty(text: string): boolean {
  return text === '' || (isBlank(text) && text.trim() === '');
}

function isComment(text: string): boolean {
  return text.startsWith('#') || (isBlank(text) && text.trimStart().startsWith('#'));
}
