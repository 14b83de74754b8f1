/**
 * Files of a queue read one after the other into the same memory, and handed out as latin1: one character
 * for each octet, of which every part costs nothing more.
 *
 * Links are not followed, pipes not awaited. What is read may be followed by more only where it fills the
 * limit: servers write these files whole.
 */
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';
import { readOnly } from './disk.ts';

export type FileRead<Found> =
  | Found
  | { readonly kind: 'absent' }
  /** `problem`: what was expected and what was found. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export interface FileText {
  readonly kind: 'text';
  readonly text: string;
  /** There may be more than was asked for. */
  readonly isCut: boolean;
}

export interface OpenFile {
  readonly kind: 'file';
  readonly stat: Stats;
  /** At most `length` octets from `position` on; fewer at the end. */
  read(position: number, length: number): string;
}

export interface FileTexts {
  /** A file from its beginning, at most `limit` octets. */
  read(path: string, limit: number): FileRead<FileText>;
  /** For what is to be known of a file before it is read; it is closed afterwards. */
  with<Result>(path: string, use: (file: FileRead<OpenFile>) => Result): Result;
}

const firstSize = 65_536;

export function createFileTexts(): FileTexts {
  let buffer = Buffer.allocUnsafeSlow(firstSize);

  /** `position`: null from where it stands, which a pipe takes too. */
  function readFrom(descriptor: number, position: number | null, limit: number): number {
    for (let length = 0; ; ) {
      const room = Math.min(buffer.length, limit) - length;
      const got = readSync(
        descriptor,
        buffer,
        length,
        room,
        position === null ? null : position + length,
      );
      length += got;
      if (got < room || length >= limit) return length;
      const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 2, limit));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  }

  return {
    read(path, limit) {
      let descriptor: number;
      try {
        descriptor = openSync(path, readOnly);
      } catch (error) {
        return faultOf(error);
      }
      try {
        const length = readFrom(descriptor, null, limit);
        return { kind: 'text', text: buffer.toString('latin1', 0, length), isCut: length >= limit };
      } catch (error) {
        return faultOf(error);
      } finally {
        closeSync(descriptor);
      }
    },

    with(path, use) {
      let descriptor: number;
      try {
        descriptor = openSync(path, readOnly);
      } catch (error) {
        return use(faultOf(error));
      }
      try {
        const stat = fstatSync(descriptor);
        if (!stat.isFile()) return use(somethingElse);
        return use({
          kind: 'file',
          stat,
          read: (position, length) =>
            buffer.toString('latin1', 0, readFrom(descriptor, position, length)),
        });
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

const somethingElse = {
  kind: 'unreadable',
  problem: 'expected a file, found something else',
} as const;

function faultOf(error: unknown): FileRead<never> {
  const code = errorCode(error);
  const unreadable = (problem: string) => ({ kind: 'unreadable', problem }) as const;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'absent' };
    case 'ELOOP':
    case 'EMLINK':
      return unreadable('expected a file, found a symbolic link');
    case 'EISDIR':
      return unreadable('expected a file, found a folder');
    default:
      return unreadable(`expected a file that can be read, found ${errorText(error)}`);
  }
}
