/**
 * Files of a spool read whole into one buffer, which is used again and again and grows as needed.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { readOnly } from '../disk.ts';

export type FileRead =
  /** `bytes` are valid until the next read. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'absent' }
  /** `problem`: what was expected and what was found. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export class FileBuffer {
  #buffer: Buffer;
  readonly #limit: number;

  /** `limit`: octets of the largest file that is read. */
  constructor(size: number, limit: number) {
    this.#buffer = Buffer.allocUnsafe(size);
    this.#limit = limit;
  }

  read(path: string): FileRead {
    try {
      const file = openSync(path, readOnly);
      try {
        return this.#readAll(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return faultOf(error);
    }
  }

  #readAll(file: number): FileRead {
    let length = 0;
    for (;;) {
      const read = readSync(file, this.#buffer, length, this.#buffer.length - length, null);
      length += read;
      // Exim writes these files whole, so what does not fill the buffer ended.
      if (length < this.#buffer.length)
        return { kind: 'bytes', bytes: this.#buffer.subarray(0, length) };
      if (length >= this.#limit)
        return {
          kind: 'unreadable',
          problem: `expected at most ${this.#limit} octets, found more`,
        };
      const larger = Buffer.allocUnsafe(Math.min(length * 2, this.#limit));
      this.#buffer.copy(larger, 0, 0, length);
      this.#buffer = larger;
    }
  }
}

/** At most `target.length` octets of a file from `position` on; null where it cannot be read. */
export function readPart(path: string, position: number, target: Buffer): number | null {
  try {
    const file = openSync(path, readOnly);
    try {
      return readSync(file, target, 0, target.length, position);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function faultOf(error: unknown): FileRead {
  const code = errorCode(error);
  if (code === 'ENOENT') return { kind: 'absent' };
  if (code === 'ELOOP' || code === 'EMLINK')
    return { kind: 'unreadable', problem: 'expected a file, found a symbolic link' };
  if (code === 'EISDIR') return { kind: 'unreadable', problem: 'expected a file, found a folder' };
  return {
    kind: 'unreadable',
    problem: `expected a file that can be read, found ${errorText(error)}`,
  };
}
