/**
 * Reads Postfix's queue from its files.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readDelayLog } from '../../foreign/postfix/delay-log.ts';
import { type EntryFile, messageQueues, readEntry } from '../../foreign/postfix/entry.ts';
import { foldersOfId, isQueueId } from '../../foreign/postfix/queue-id.ts';
import { longestRecord, type OctetSource } from '../../foreign/postfix/records.ts';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { fromOctets } from '../../mail/text.ts';
import { createFileTexts, type FileRead, type OpenFile } from '../file-text.ts';
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
  const files = createFileTexts();

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

  function logOf(id: string, isLikely: boolean): Log | null {
    const likely = [root, 'defer', ...foldersOfId(id, depth), id].join('/');
    const log = isLikely ? files.with(likely, readLog) : null;
    if (log !== null) return log;
    const path = findIn(root, ['defer'], id);
    if (path === null) return null;
    depth = path.split('/').length - root.split('/').length - 2;
    return files.with(path, readLog);
  }

  function readAt(id: string, path: string): PlaceRead {
    const queue = queueOf(root, path);
    if (queue === null || !isQueueId(id)) return { kind: 'absent' };
    const unreadable = (problem: string): PlaceRead => ({ kind: 'unreadable', path, problem });
    return files.with(path, (file): PlaceRead => {
      if (file.kind === 'absent') return file;
      if (file.kind === 'unreadable') return unreadable(file.problem);
      const mode = file.stat.mode & 0o700;
      if (mode === spoiled) return unreadable('Postfix gave up writing it');
      if (mode !== complete) return { kind: 'absent' };
      try {
        const read = readEntry({
          id,
          queue,
          modifiedAt: Math.trunc(file.stat.mtimeMs),
          source: sourceOf(file),
          log: brief || queue === 'maildrop' ? null : logOf(id, queue === 'deferred'),
        });
        return read.kind === 'entry' ? read : unreadable(read.problem);
      } catch (error) {
        return unreadable(`cannot be read: ${errorText(error)}`);
      }
    });
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

type Log = NonNullable<EntryFile['log']>;

function readLog(file: FileRead<OpenFile>): Log | null {
  if (file.kind !== 'file') return null;
  const text = fromOctets(file.read(0, longestLog));
  return { reasons: readDelayLog(text), writtenAt: Math.trunc(file.stat.mtimeMs) };
}

/** Most files are small enough to be read at once. */
function sourceOf({ stat, read }: OpenFile): OctetSource {
  const { size } = stat;
  if (size > longestRecord) return { size, read };
  const whole = read(0, size);
  return { size, read: (position, length) => whole.slice(position, position + length) };
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
