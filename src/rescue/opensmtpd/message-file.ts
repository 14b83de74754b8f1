/**
 * The message that the envelopes of a folder share: its size, and the beginning of a notice.
 *
 * What was found of the last one is kept, since its envelopes come one after the other.
 */
import { lstatSync } from 'node:fs';
import { noticePrefix } from '../../foreign/notice-report.ts';
import type { FileRead, FileTexts } from '../file-text.ts';
import { unpackedBeginning } from './unpack.ts';

export interface Message {
  readonly kind: 'message';
  /** Octets, as they lie on the disk. */
  readonly size: number;
  /** Header and body as far as they are needed, as latin1; null where not asked for. */
  readonly prefix: string | null;
}

export interface MessageFiles {
  look(path: string, withPrefix: boolean): FileRead<Message>;
}

export function createMessageFiles(files: FileTexts): MessageFiles {
  let last: { path: string; withPrefix: boolean; found: FileRead<Message> } | null = null;

  /** What ends within the part that is read need not be asked for its size. */
  function look(path: string, withPrefix: boolean): FileRead<Message> {
    const file = withPrefix ? files.read(path, noticePrefix) : null;
    if (file && file.kind !== 'text') return file;
    const prefix = file && unpackedBeginning(file.text, noticePrefix);
    if (file && !file.isCut) return { kind: 'message', size: file.text.length, prefix };
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return { kind: 'absent' };
    if (!stat.isFile()) return { kind: 'unreadable', problem: 'expected a file' };
    return { kind: 'message', size: stat.size, prefix };
  }

  return {
    look(path, withPrefix) {
      if (last?.path !== path || (withPrefix && !last.withPrefix))
        last = { path, withPrefix, found: look(path, withPrefix) };
      return last.found;
    },
  };
}
