/**
 * Files put into sendmail's queue the way sendmail does: written whole under a name that means nothing,
 * synced, and renamed.
 */
import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../disk.ts';
import { fillFile, type NewFileFacts } from '../fill-file.ts';
import type { Missed } from '../mail-server.ts';
import type { Locks, NewLock } from './locks.ts';

/** The file stands at `temporary`, locked. Throws where the disk does not take it. */
export async function writeNew(
  locks: Locks,
  temporary: string,
  facts: NewFileFacts,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ readonly lock: NewLock; readonly inode: string | null } | Missed> {
  const lock = await locks.create(temporary);
  if (lock === 'gone' || lock === 'busy' || 'problem' in lock) return lock;
  try {
    await using file = await open(temporary, constants.O_WRONLY | constants.O_NOFOLLOW);
    await fillFile(file, facts, content);
    const { dev, ino } = await file.stat({ bigint: true });
    return { lock, inode: inodeOf(dev, ino) };
  } catch (error) {
    await lock.remove([]);
    throw error;
  }
}

/** Atomic, and on disk when it resolves; `old`, whose lock has to be held, goes. */
export async function placeNew(
  lock: NewLock,
  target: string,
  old: string | null = null,
): Promise<Missed | null> {
  const missed = await lock.place(target, old);
  await syncFolder(dirname(target));
  await lock.release();
  return missed;
}

/** As an I line has it; how a number of a device is divided is known for Linux alone. */
function inodeOf(dev: bigint, ino: bigint): string | null {
  if (process.platform !== 'linux') return null;
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return `${major}/${minor & 0xffffffffn}/${ino}`;
}
