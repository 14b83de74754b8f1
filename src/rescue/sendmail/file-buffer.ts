/**
 * One piece of memory that files are read into, one after the other: a file costs three system calls, and
 * no memory of its own.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../../mail/error-code.ts';
import { readOnly } from '../disk.ts';

/** Octets that were read. */
export type Loaded = number | 'absent' | { readonly problem: string };

export interface FileBuffer {
  /** Begins with the file that was loaded last; what stands behind it means nothing. */
  readonly bytes: Buffer;
  /** Reads a file from its beginning, at most `limit` octets. Links are not followed, pipes not awaited. */
  load(path: string, limit: number): Loaded;
}

export function createFileBuffer(): FileBuffer {
  let bytes = Buffer.allocUnsafeSlow(65_536);

  function readAll(file: number, limit: number): number {
    for (let length = 0; ; ) {
      const room = Math.min(bytes.length, limit) - length;
      const got = readSync(file, bytes, length, room, null);
      length += got;
      // A file gives all it has.
      if (got < room || length >= limit) return length;
      const larger = Buffer.allocUnsafeSlow(bytes.length * 2);
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
  }

  return {
    get bytes() {
      return bytes;
    },
    load(path, limit) {
      let file: number;
      try {
        file = openSync(path, readOnly);
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ENOENT') return 'absent';
        return { problem: `expected a file, found ${code} on opening it` };
      }
      try {
        return readAll(file, limit);
      } catch (error) {
        return { problem: `expected a file, found ${errorCode(error)} on reading it` };
      } finally {
        closeSync(file);
      }
    },
  };
}
