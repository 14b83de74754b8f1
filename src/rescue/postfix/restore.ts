/**
 * Puts messages back into Postfix's queue.
 *
 * The name of a queue file ends in its inode, so a message that comes back has another name, of which
 * only the time is the old one. It is written into `hold`, where Postfix leaves it alone until it is
 * whole and on disk, and released from there.
 */
import { constants } from 'node:fs';
import { chown, type FileHandle, link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageQueues } from '../../foreign/postfix/entry.ts';
import {
  foldersOfId,
  type Hashing,
  idFor,
  isQueueId,
  pathOfId,
  timeOfId,
} from '../../foreign/postfix/queue-id.ts';
import { errorText } from '../../mail/error-text.ts';
import { syncFolder } from '../disk.ts';
import { fillFile } from '../fill-file.ts';
import type { ArchivedEntry, ArchivedFile, Missed, Restored } from '../mail-server.ts';
import { findIn, statOf, walkQueue } from './queue-folders.ts';
import { logQueues } from './reader.ts';
import { readTwinFacts, sameMessage, type TwinFacts } from './twin.ts';

export interface RestoreOptions {
  /** The queue's folder. */
  readonly folder: string;
  readonly hashing: Hashing;
  /** Of earlier calls with the same queue; filled here. */
  readonly known: KnownIds;
  release(ids: readonly string[]): Promise<ReadonlyMap<string, Missed | 'released'>>;
}

/**
 * Ids in the queue by what they say of the time; null: not looked yet. One look is enough to find what an
 * undo put back that died before this one began.
 */
export interface KnownIds {
  byTime: Map<string, string[]> | null;
}

const queues = messageQueues.filter((queue) => queue !== 'maildrop');

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export async function restoreEntries(
  options: RestoreOptions,
  entries: readonly ArchivedEntry[],
): Promise<ReadonlyMap<string, Restored>> {
  const { folder, hashing } = options;
  const results = new Map<string, Restored>();
  const { uid } = await stat(join(folder, 'hold'));
  const known = options.known.byTime ?? idsByTime(folder);
  options.known.byTime = known;
  /** Id now -> id then. */
  const toRelease = new Map<string, string>();
  for (const entry of entries) {
    const result = await restoreOne(folder, hashing, uid, known, entry).catch(
      (error: unknown): Restored => ({
        kind: 'fault',
        problem: errorText(error),
      }),
    );
    results.set(entry.id, result);
    const now = result.kind === 'restored' ? result.id : null;
    if (now !== null && !entry.wasHeld) toRelease.set(now, entry.id);
  }
  await syncFolders(folder, hashing, [...results.values()]);
  const released = await options.release([...toRelease.keys()]);
  for (const [id, outcome] of released) {
    const then = toRelease.get(id);
    // Gone: it is delivered already.
    if (then !== undefined && typeof outcome === 'object')
      results.set(then, { kind: 'fault', problem: `it is held as ${id}: ${outcome.problem}` });
  }
  await syncFolders(folder, hashing, [...results.values()]);
  return results;
}

async function restoreOne(
  folder: string,
  hashing: Hashing,
  uid: number,
  known: Map<string, string[]>,
  { id, files, wasHeld }: ArchivedEntry,
): Promise<Restored> {
  const fault = (problem: string): Restored => ({ kind: 'fault', problem });
  const time = isQueueId(id) ? timeOfId(id) : null;
  const message = files.at(-1);
  if (time === null || !message) return fault(`"${id}" is no id of Postfix, or has no file`);
  const owner = { uid, gid: message.gid };
  const temporary = join(folder, 'hold', `${process.hrtime.bigint()}.${process.pid}`);
  const draft = await open(temporary, 'wx+', 0o600);
  try {
    await fill(draft, message, owner);
    const facts = readTwinFacts(draft.fd);
    if (facts.kind === 'fault') return fault(facts.problem);
    const twin = findTwin(folder, known.get(time) ?? [], facts.facts);
    if (twin !== null) {
      // Left in `hold` by a rescue or an undo that was killed: it is let go like all others.
      if (!wasHeld && twin.startsWith(`${folder}/hold/`))
        return { kind: 'restored', id: basename(twin) };
      return { kind: 'present', id: basename(twin) };
    }
    const { ino } = await draft.stat({ bigint: true });
    const now = idFor(time, ino);
    for (const log of files.slice(0, -1)) await restoreLog(folder, hashing, log, now, owner);
    const path = join(folder, pathOfId('hold', now, hashing));
    await makeFolders(folder, path, owner);
    await link(temporary, path);
    await draft.chmod(0o700 | (message.mode & 0o070));
    await draft.sync();
    note(known, now);
    return { kind: 'restored', id: now };
  } finally {
    await draft.close();
    await unlink(temporary).catch(() => undefined);
  }
}

/** Its time stays: Postfix reads from it when the next try is due. The mode says that it is whole. */
async function fill(draft: FileHandle, file: ArchivedFile, owner: Owner): Promise<void> {
  const { modifiedAt } = file;
  await fillFile(draft, { ...owner, mode: null, modifiedAt }, file.content());
}

/** Why recipients failed or wait, of which their sender may have to be told yet. */
async function restoreLog(
  folder: string,
  hashing: Hashing,
  file: ArchivedFile,
  id: string,
  owner: Owner,
): Promise<void> {
  const names = dirname(file.path).split('/');
  const queue = logQueues.find((name) => names.includes(name));
  if (queue === undefined) return;
  const path = join(folder, pathOfId(queue, id, hashing));
  await makeFolders(folder, path, owner);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const log = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    await fill(log, file, owner);
  } finally {
    await log.close();
  }
}

/** Those between the queue's folder and the file, which belong to Postfix. */
async function makeFolders(folder: string, path: string, { uid, gid }: Owner): Promise<void> {
  const missing: string[] = [];
  for (let at = dirname(path); at.length > folder.length && !statOf(at); at = dirname(at))
    missing.unshift(at);
  for (const at of missing) {
    await mkdir(at, { mode: 0o700 });
    await chown(at, uid, gid);
  }
}

function idsByTime(folder: string): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const queue of queues)
    for (const { id } of walkQueue(join(folder, queue), () => undefined)) note(known, id);
  return known;
}

function note(known: Map<string, string[]>, id: string): void {
  const time = timeOfId(id);
  if (time === null) return;
  const others = known.get(time);
  if (others) others.push(id);
  else known.set(time, [id]);
}

/** Where it is by now. */
function findTwin(folder: string, ids: readonly string[], facts: TwinFacts): string | null {
  for (const id of ids) {
    const path = findIn(folder, queues, id);
    if (path !== null && sameMessage(path, facts)) return path;
  }
  return null;
}

async function syncFolders(
  folder: string,
  hashing: Hashing,
  results: readonly Restored[],
): Promise<void> {
  const folders = new Set<string>();
  for (const result of results) {
    if (result.kind !== 'restored') continue;
    for (const queue of ['hold', 'deferred', ...logQueues]) {
      const deeper = hashing.queues.has(queue) ? foldersOfId(result.id, hashing.depth) : [];
      for (let depth = 0; depth <= deeper.length; depth++)
        folders.add(join(folder, queue, ...deeper.slice(0, depth)));
    }
  }
  for (const path of folders) if (statOf(path)?.isDirectory()) await syncFolder(path);
}
