/**
 * Changes of sendmail's queue while it runs: under its own locks, for it has no program that removes.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withQuarantine } from '../../foreign/sendmail/queue-edit.ts';
import type { Missed, QueueHand, Restored, Seizure } from '../mail-server.ts';
import type { EntryPlace } from '../reader.ts';
import { type Lock, type Locks, openLocks, whyNoLocks } from './locks.ts';
import { placeNew, writeNew } from './new-file.ts';
import { openSendmailReader } from './reader.ts';
import { restoreEntry } from './restore.ts';

/** Null: nothing is in the way. */
export async function whyNoHand(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "only root may change sendmail's queue";
  return whyNoLocks();
}

export function openHand(folders: readonly string[]): QueueHand {
  return {
    seize: (places) => seize(folders, places),
    async hold(places, reason) {
      const reader = openSendmailReader(folders);
      return await withLocks(places, async (locks, { id }) => {
        const place = reader.find(id);
        if (place === null) return 'gone';
        return isHeld(place) ? 'held' : ((await changeType(locks, place, reason)) ?? 'held');
      });
    },
    async release(ids) {
      const reader = openSendmailReader(folders);
      const places = ids.map((id) => ({ id, path: '' }));
      return await withLocks(places, async (locks, { id }) => {
        const place = reader.find(id);
        if (place === null) return 'gone';
        return isHeld(place) ? ((await changeType(locks, place, null)) ?? 'released') : 'released';
      });
    },
    async restore(entries) {
      const reader = openSendmailReader(folders);
      await using locks = openLocks();
      const done = new Map<string, Restored>();
      for (const entry of entries)
        done.set(entry.id, await restoreEntry(locks, reader, folders, entry));
      return done;
    },
  };
}

async function seize(folders: readonly string[], places: readonly EntryPlace[]): Promise<Seizure> {
  const reader = openSendmailReader(folders);
  await using stack = new AsyncDisposableStack();
  const locks = stack.use(openLocks());
  const held = new Map<string, { readonly place: EntryPlace; readonly lock: Lock }>();
  const missed = new Map<string, Missed>();
  async function take(given: EntryPlace): Promise<void> {
    let place = given;
    let lock = await locks.seize(place.path);
    if (lock === 'gone') {
      // Quarantined or released meanwhile.
      const now = reader.find(given.id);
      if (now !== null && now.path !== place.path) {
        place = now;
        lock = await locks.seize(place.path);
      }
    }
    if (lock === 'gone' || lock === 'busy' || 'problem' in lock) missed.set(given.id, lock);
    else held.set(given.id, { place, lock });
  }
  await Promise.all(places.map(take));
  const kept = stack.move();
  return {
    seized: new Map(
      [...held].map(([id, { place }]) => [id, { place, wasHeld: isHeld(place) }] as const),
    ),
    missed,
    async remove(ids) {
      const remove = async (id: string): Promise<Missed | 'removed'> => {
        const entry = held.get(id);
        held.delete(id);
        if (!entry) return { problem: `${id} was not seized` };
        const others = reader.filesOf(entry.place).filter((path) => path !== entry.place.path);
        return (await entry.lock.remove(others)) ?? 'removed';
      };
      return new Map(await Promise.all(ids.map(async (id) => [id, await remove(id)] as const)));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** One by one; what goes wrong with one is no trouble for the others. */
async function withLocks<T>(
  places: readonly EntryPlace[],
  work: (locks: Locks, place: EntryPlace) => Promise<T | Missed>,
): Promise<ReadonlyMap<string, T | Missed>> {
  await using locks = openLocks();
  const done = new Map<string, T | Missed>();
  for (const place of places)
    done.set(
      place.id,
      await work(locks, place).catch((error: Error) => ({ problem: error.message })),
    );
  return done;
}

/** Makes a qf an hf, or back: the new one is whole before it takes the place of the old one. */
async function changeType(
  locks: Locks,
  { id, path }: EntryPlace,
  reason: string | null,
): Promise<Missed | null> {
  const old = await locks.seize(path);
  if (old === 'gone' || old === 'busy' || 'problem' in old) return old;
  const folder = dirname(path);
  const target = join(folder, `${reason === null ? 'q' : 'h'}f${id}`);
  const temporary = join(folder, `tf${id}`);
  try {
    if (await stat(target).catch(() => null)) return { problem: `${target} is there already` };
    const { mode, uid, gid } = await stat(path);
    const content = withQuarantine(await readFile(path), reason && wordsOf(reason));
    if (content === null) return { problem: `${path} names no sender` };
    const facts = { mode: mode & 0o7777, uid, gid, modifiedAt: null };
    const made = await writeNew(locks, temporary, facts, [content]);
    if (made === 'gone' || made === 'busy' || 'problem' in made) return made;
    return await placeNew(made.lock, target, path);
  } finally {
    await old.release();
  }
}

function isHeld({ path }: EntryPlace): boolean {
  return basename(path).startsWith('h');
}

/** One line of printable ASCII. */
function wordsOf(reason: string): string {
  return (
    reason
      .replaceAll(/[^ -~]+/g, ' ')
      .slice(0, 200)
      .trim() || 'held'
  );
}
