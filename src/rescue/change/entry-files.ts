/**
 * The files of a queue entry, opened to be archived: as they are, or not at all.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../../mail/error-code.ts';
import type { NewFile } from '../../store/archive-store.ts';
import { readOnly } from '../disk.ts';

const chunkSize = 256 * 1024;

/** A file of the entry went or changed while it was looked at: the entry is not what it was. */
export class EntryChangedError extends Error {
  readonly code = 'ENTRY_CHANGED';
  constructor(path: string, what: string) {
    super(`${path} ${what}`);
    this.name = 'EntryChangedError';
  }
}

export interface EntryFiles extends Disposable {
  readonly files: readonly NewFile[];
}

/** Throws EntryChangedError, or what the system throws. */
export function openEntryFiles(paths: readonly string[]): EntryFiles {
  const descriptors: number[] = [];
  const close = () => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  };
  try {
    const files = paths.map((path) => {
      const descriptor = openFile(path);
      descriptors.push(descriptor);
      return fileOf(path, descriptor);
    });
    return { files, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, readOnly);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new EntryChangedError(path, 'went away');
    if (errorCode(error) === 'ELOOP') throw new Error(`${path} is a symbolic link`);
    throw error;
  }
}

function fileOf(path: string, descriptor: number): NewFile {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw new Error(`${path} is no regular file`);
  const { size, mtimeMs } = stat;
  return {
    path,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    modifiedAt: mtimeMs,
    size,
    *chunks() {
      let at = 0;
      // One octet more than there should be shows that it has grown.
      const buffer = Buffer.allocUnsafe(Math.min(size + 1, chunkSize));
      for (;;) {
        const length = readSync(descriptor, buffer, 0, buffer.length, at);
        if (length === 0) break;
        at += length;
        if (at > size) throw new EntryChangedError(path, 'grew while it was read');
        yield buffer.subarray(0, length);
      }
      if (at < size || fstatSync(descriptor).mtimeMs !== mtimeMs)
        throw new EntryChangedError(path, 'changed while it was read');
    },
  };
}
