/**
 * A stream of octets as compressed pieces in a table: written at the end, read from anywhere.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Statements } from './sqlite-statements.ts';

/** Octets before compression; all pieces between the first and the last of a stream have as many. */
export const pieceSize = 1024 * 1024;

const compression = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 3,
    // A file that a failing disk has changed is not to be put back.
    [constants.ZSTD_c_checksumFlag]: 1,
  },
};

/** Where an octet stands. */
export interface Position {
  readonly piece: number;
  readonly offset: number;
}

export interface PieceWriter {
  /** Of the next octet. */
  readonly position: Position;
  write(bytes: Uint8Array): void;
  /** Drops what was written since then. */
  rewind(position: Position): void;
  /** Nothing may be written afterwards. */
  end(): void;
}

/** `buffer` has pieceSize octets and is the writer's until its end. */
export function writePieces(statements: Statements, buffer: Uint8Array): PieceWriter {
  let piece = (statements.number('SELECT max(number) FROM piece') ?? 0) + 1;
  let length = 0;

  function flush(): void {
    const bytes = zstdCompressSync(buffer.subarray(0, length), compression);
    statements.run('INSERT INTO piece (number, bytes) VALUES (?, ?)', piece, bytes);
    piece++;
    length = 0;
  }

  return {
    get position() {
      return { piece, offset: length };
    },
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + pieceSize - length);
        buffer.set(part, length);
        length += part.length;
        at += part.length;
        if (length === pieceSize) flush();
      }
    },
    rewind(position) {
      if (position.piece === piece) {
        length = position.offset;
        return;
      }
      // The piece in which it began is written and keeps a useless end.
      statements.run('DELETE FROM piece WHERE number > ?', position.piece);
      piece = position.piece + 1;
      length = 0;
    },
    end() {
      if (length > 0) flush();
    },
  };
}

/** Reads `size` octets from a position on. Throws where the pieces do not hold them. */
export type ReadPieces = (from: Position, size: number) => Iterable<Uint8Array>;

export function readPieces({ get }: Statements): ReadPieces {
  /** Hundreds of files stand in one piece. */
  let last: { readonly number: number; readonly bytes: Uint8Array } | null = null;

  function load(number: number): Uint8Array {
    if (last?.number === number) return last.bytes;
    const packed = get('SELECT bytes FROM piece WHERE number = ?', number)?.['bytes'];
    if (!(packed instanceof Uint8Array)) throw new Error(`its piece ${number} is missing`);
    const bytes = zstdDecompressSync(packed, { maxOutputLength: pieceSize });
    last = { number, bytes };
    return bytes;
  }

  return function* (from, size) {
    let { piece, offset } = from;
    for (let left = size; left > 0; ) {
      const part = load(piece).subarray(offset, offset + left);
      if (part.length === 0) throw new Error(`its piece ${piece} is too short`);
      yield part;
      left -= part.length;
      piece++;
      offset = 0;
    }
  };
}
