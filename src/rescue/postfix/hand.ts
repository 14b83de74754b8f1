/**
 * Holds, removes, releases and puts back by Postfix's own means: postsuper(1).
 *
 * What the queue manager works on (`active`) is left alone while it runs: it would warn that its file is
 * gone, and might deliver it once more.
 */
import { lstatSync } from 'node:fs';
import type { Hashing } from '../../foreign/postfix/queue-id.ts';
import type { Root } from '../../machine/root.ts';
import type {
  ArchivedEntry,
  Missed,
  QueueHand,
  Restored,
  SeizedEntry,
  Seizure,
} from '../mail-server.ts';
import type { EntryPlace } from '../reader.ts';
import { findIn, queueOf } from './queue-folders.ts';
import { type KnownIds, restoreEntries } from './restore.ts';

export interface HandOptions {
  readonly root: Root;
  /** Inside of the root. */
  readonly configFolder: string;
  /** The queue's folder as it is called out here. */
  readonly folder: string;
  readonly hashing: Hashing;
  isRunning(): Promise<boolean>;
}

const queues = ['hold', 'incoming', 'active', 'deferred', 'maildrop'] as const;

export function createHand(options: HandOptions): QueueHand {
  const { root, configFolder, folder } = options;
  const known: KnownIds = { byTime: null };

  /** Returns what went wrong, in Postfix's words. */
  async function postsuper(
    option: '-h' | '-H' | '-d',
    ids: readonly string[],
    from: readonly string[],
  ): Promise<string | null> {
    if (ids.length === 0) return null;
    const { status, stderr } = await root.run(
      '/',
      ['postsuper', '-c', configFolder, option, '-', ...from],
      ids.map((id) => `${id}\n`).join(''),
    );
    if (status === 0) return null;
    return stderr.trim().split('\n').at(-1) || `postsuper ${option} ended with ${status}`;
  }

  async function seize(places: readonly EntryPlace[]) {
    const seized = new Map<string, SeizedEntry>();
    const missed = new Map<string, Missed>();
    const isRunning = await options.isRunning();
    const wanted: string[] = [];
    for (const { id } of places) {
      const now = placeOf(folder, id);
      if (now === null) missed.set(id, 'gone');
      else if (now.queue === 'hold') seized.set(id, { place: now.place, wasHeld: true });
      else if (!now.isComplete || now.queue === 'maildrop') missed.set(id, 'busy');
      else if (now.queue === 'active' && isRunning) missed.set(id, 'busy');
      else wanted.push(id);
    }
    const from = ['incoming', 'deferred', ...(isRunning ? [] : ['active'])];
    const problem = await postsuper('-h', wanted, from);
    for (const id of wanted) {
      const now = placeOf(folder, id);
      if (now === null) missed.set(id, 'gone');
      else if (now.queue === 'hold') seized.set(id, { place: now.place, wasHeld: false });
      else missed.set(id, problem === null ? 'busy' : { problem });
    }
    return { seized, missed };
  }

  async function release(ids: readonly string[]): Promise<Map<string, Missed | 'released'>> {
    const held = ids.filter((id) => placeOf(folder, id)?.queue === 'hold');
    const problem = await postsuper('-H', held, ['hold']);
    const outcomes = new Map<string, Missed | 'released'>();
    for (const id of ids) {
      const now = placeOf(folder, id);
      if (now === null) outcomes.set(id, 'gone');
      else if (now.queue !== 'hold') outcomes.set(id, 'released');
      else outcomes.set(id, { problem: problem ?? 'postsuper -H left it in the queue hold' });
    }
    return outcomes;
  }

  return {
    async seize(places): Promise<Seizure> {
      const { seized, missed } = await seize(places);
      const removed = new Set<string>();
      return {
        seized,
        missed,
        async remove(ids) {
          const here = ids.filter((id) => seized.has(id) && findIn(folder, ['hold'], id) !== null);
          const problem = await postsuper('-d', here, ['hold']);
          const asked = new Set(here);
          const outcomes = new Map<string, Missed | 'removed'>();
          for (const id of ids) {
            if (!asked.has(id)) outcomes.set(id, 'gone');
            else if (findIn(folder, ['hold'], id) !== null)
              outcomes.set(id, { problem: problem ?? 'postsuper -d left it in the queue' });
            else {
              removed.add(id);
              outcomes.set(id, 'removed');
            }
          }
          return outcomes;
        },
        async [Symbol.asyncDispose]() {
          const left = [...seized].filter(([id, { wasHeld }]) => !wasHeld && !removed.has(id));
          await release(left.map(([id]) => id));
        },
      };
    },
    /** Postfix keeps no reason. */
    async hold(places) {
      const { seized, missed } = await seize(places);
      const outcomes = new Map<string, Missed | 'held'>(missed);
      for (const id of seized.keys()) outcomes.set(id, 'held');
      return outcomes;
    },
    release,
    restore: (entries: readonly ArchivedEntry[]): Promise<ReadonlyMap<string, Restored>> =>
      restoreEntries({ folder, hashing: options.hashing, known, release }, entries),
  };
}

interface NowIn {
  readonly place: EntryPlace;
  readonly queue: string;
  /** Postfix has written all of it. */
  readonly isComplete: boolean;
}

function placeOf(folder: string, id: string): NowIn | null {
  const path = findIn(folder, queues, id);
  const stat = path === null ? undefined : lstatSync(path, { throwIfNoEntry: false });
  if (path === null || !stat) return null;
  return {
    place: { id, path },
    queue: queueOf(folder, path) ?? '',
    isComplete: (stat.mode & 0o700) === 0o700,
  };
}
