/**
 * Files put into sendmail's queue the way sendmail does: written whole under a name that means nothing,
 * synced, and renamed.
 */
import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../disk.ts';
import type { Missed } from '../mail-server.ts';
import type { Locks, NewLock } from './locks.ts';

export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since 1970; null: now. */
  readonly modifiedAt: number | null;
}

/** The file stands at `temporary`, locked. Throws where the disk does not take it. */
export async function writeNew(
  locks: Locks,
  temporary: string,
  facts: FileFacts,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ readonly lock: NewLock; readonly inode: string | null } | Missed> {
  const lock = await locks.create(temporary);
  if (lock === 'gone' || lock === 'busy' || 'problem' in lock) return lock;
  try {
    await using file = await open(temporary, constants.O_WRONLY | constants.O_NOFOLLOW);
    for await (const chunk of content) await file.writeFile(chunk);
    await file.chown(facts.uid, facts.gid);
    await file.chmod(facts.mode);
    if (facts.modifiedAt !== null)
      await file.utimes(facts.modifiedAt / 1000, facts.modifiedAt / 1000);
    await file.sync();
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
