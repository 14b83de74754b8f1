/**
 * Reads Postfix's queue from its files.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DelayLog, readDelayLog } from '../../foreign/postfix/delay-log.ts';
import { messageQueues, readEntry } from '../../foreign/postfix/entry.ts';
import { foldersOfId, isQueueId } from '../../foreign/postfix/queue-id.ts';
import { type ByteSource, longestRecord } from '../../foreign/postfix/records.ts';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { textOf } from '../../mail/text.ts';
import { readOnly } from '../disk.ts';
import {
  type EntryPlace,
  type Listed,
  type PlaceRead,
  QueueFolderError,
  type QueueReader,
  type ReaderOptions,
  type Unreadable,
} from '../reader.ts';
import { findIn, queueOf, statOf, walkQueue } from './queue-folders.ts';

/** Logs of a message, in folders of these names; Postfix removes them before the message. */
export const logQueues = ['bounce', 'defer', 'trace'] as const;

/** Of a log no more is read: it has a paragraph for every recipient. */
const longestLog = 65_536;
const complete = 0o700;
const spoiled = 0o400;

/** `folders`: the queue_directory alone. */
export function openPostfixReader(
  folders: readonly string[],
  { brief = false }: ReaderOptions = {},
): QueueReader {
  const root = resolve(folders[0] ?? '');
  const buffer = Buffer.allocUnsafeSlow(longestRecord);
  const logBuffer = Buffer.allocUnsafeSlow(longestLog);

  function* list(): Generator<Listed> {
    const odd: Unreadable[] = [];
    for (const queue of messageQueues) {
      const folder = join(root, queue);
      // A queue that never ran has no folder of its own for everything.
      if (queue === 'maildrop' && !statOf(folder)) continue;
      for (const place of walkQueue(folder, (one) => odd.push(one))) yield { kind: 'entry', place };
    }
    for (const name of corrupt(root))
      odd.push({
        path: join(root, 'corrupt', name),
        problem: 'Postfix itself could not read it, and set it aside',
      });
    for (const one of odd) yield { kind: 'unreadable', ...one };
  }

  /** How many folders deep the logs lie, as far as is known. */
  let depth = 1;

  function openLog(id: string, isLikely: boolean): Opened | null {
    if (isLikely) {
      const guess = [root, 'defer', ...foldersOfId(id, depth), id].join('/');
      const log = openFile(guess);
      if (log !== null) return log;
    }
    const path = findIn(root, ['defer'], id);
    if (path === null) return null;
    depth = path.split('/').length - root.split('/').length - 2;
    return openFile(path);
  }

  function logOf(id: string, isLikely: boolean): { reasons: DelayLog; writtenAt: number } | null {
    const log = openLog(id, isLikely);
    if (log === null || log.kind === 'fault') return null;
    try {
      const used = readSync(log.fd, logBuffer, 0, longestLog, 0);
      return {
        reasons: readDelayLog(textOf(logBuffer, 0, used)),
        writtenAt: Math.trunc(log.stat.mtimeMs),
      };
    } finally {
      closeSync(log.fd);
    }
  }

  /** Most files are small enough to be read at once. */
  function sourceOf(fd: number, size: number): ByteSource {
    const whole =
      size <= buffer.length ? buffer.subarray(0, readSync(fd, buffer, 0, size, 0)) : null;
    return {
      size,
      read(position, length) {
        if (whole) return whole.subarray(position, position + length);
        const used = readSync(fd, buffer, 0, Math.min(length, buffer.length), position);
        return buffer.subarray(0, used);
      },
    };
  }

  function readAt(id: string, path: string): PlaceRead {
    const queue = queueOf(root, path);
    if (queue === null || !isQueueId(id)) return { kind: 'absent' };
    const file = openFile(path);
    if (file === null) return { kind: 'absent' };
    const unreadable = (problem: string): PlaceRead => ({ kind: 'unreadable', path, problem });
    if (file.kind === 'fault') return unreadable(file.problem);
    const { fd, stat } = file;
    try {
      const mode = stat.mode & 0o700;
      if (mode === spoiled) return unreadable('Postfix gave up writing it');
      if (mode !== complete) return { kind: 'absent' };
      const read = readEntry({
        id,
        queue,
        modifiedAt: Math.trunc(stat.mtimeMs),
        source: sourceOf(fd, stat.size),
        log: brief || queue === 'maildrop' ? null : logOf(id, queue === 'deferred'),
      });
      return read.kind === 'entry' ? read : unreadable(read.problem);
    } catch (error) {
      return unreadable(`cannot be read: ${errorText(error)}`);
    } finally {
      closeSync(fd);
    }
  }

  return {
    list,
    read({ id, path }): PlaceRead {
      const read = readAt(id, path);
      if (read.kind !== 'absent') return read;
      // The queue manager moves files while we look.
      const moved = findIn(root, messageQueues, id);
      return moved === null || moved === path ? read : readAt(id, moved);
    },
    find(id): EntryPlace | null {
      const path = findIn(root, messageQueues, id);
      return path === null ? null : { id, path };
    },
    filesOf({ id, path }) {
      const logs = logQueues.map((queue) => findIn(root, [queue], id));
      return [...logs.filter((log) => log !== null), path];
    },
  };
}

type Opened =
  | { readonly kind: 'file'; readonly fd: number; readonly stat: Stats }
  | { readonly kind: 'fault'; readonly problem: string };

/** Null: it is gone. */
function openFile(path: string): Opened | null {
  let fd: number;
  try {
    fd = openSync(path, readOnly);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ELOOP') return { kind: 'fault', problem: 'expected a file, found a link' };
    return {
      kind: 'fault',
      problem: `cannot be opened: ${errorText(error)}`,
    };
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return { kind: 'file', fd, stat };
  closeSync(fd);
  return { kind: 'fault', problem: 'expected a file, found something else' };
}

function corrupt(root: string): string[] {
  try {
    return readdirSync(join(root, 'corrupt'));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return [];
    throw new QueueFolderError(join(root, 'corrupt'), error);
  }
}
