/**
 * Holding and removing envelopes of OpenSMTPD, while it runs and while it does not.
 *
 * While it runs, its scheduler has the queue in memory: smtpctl pauses, removes and resumes. Whether an
 * envelope is paused is kept there alone and ends with the server. While it does not run nobody works on
 * the files, and smtpctl can do nothing: there the files themselves go.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../disk.ts';
import { createFileTexts } from '../file-text.ts';
import type { Missed, QueueHand, SeizedEntry, Seizure } from '../mail-server.ts';
import type { EntryPlace } from '../reader.ts';
import { readColumns } from './envelope-file.ts';
import { removeStopped } from './remove-stopped.ts';
import { type Layout, restoreEntries } from './restore.ts';
import type { Smtpctl, Standing } from './smtpctl.ts';

/** The server removes at once, unless thousands of deliveries are under way. */
const removalTime = 15_000;

export interface HandOptions {
  readonly smtpctl: Smtpctl;
  readonly layout: Layout;
  isRunning(): Promise<boolean>;
}

export function createHand({ smtpctl, layout, isRunning }: HandOptions): QueueHand {
  const files = createFileTexts();

  function columnsOf(places: readonly EntryPlace[]): ReadonlyMap<string, string | null> {
    return new Map(places.map(({ id, path }) => [id, readColumns(files, path)]));
  }

  async function seizeRunning(places: readonly EntryPlace[]): Promise<Seizure> {
    const ids = places.map(({ id }) => id);
    const paused = await smtpctl.each('pause', ids);
    const standings = await smtpctl.standings(columnsOf(places));
    const seized = new Map<string, SeizedEntry>();
    const missed = new Map<string, Missed>(await whyUnknown(places, standings));
    for (const place of places) {
      const standing = typeof standings === 'string' ? null : standings.get(place.id);
      if (!standing) continue;
      if (standing.isInFlight) missed.set(place.id, 'busy');
      else if (!standing.isPaused) missed.set(place.id, notPaused);
      else seized.set(place.id, { place, wasHeld: paused.get(place.id) !== true });
    }
    // What is under way goes on, and what was just being removed is removed only now.
    await smtpctl.each(
      'resume',
      [...missed.keys()].filter((id) => paused.get(id) === true),
    );
    const left = new Set(
      [...seized.values()].filter(({ wasHeld }) => !wasHeld).map(({ place }) => place.id),
    );
    return {
      seized,
      missed,
      async remove(wanted) {
        const ours = wanted.filter((id) => seized.has(id));
        const removed = await smtpctl.each('remove', ours);
        const results = new Map<string, Missed | 'removed'>();
        for (const id of ours) {
          const path = seized.get(id)?.place.path ?? '';
          const answer = removed.get(id) ?? false;
          const isGone = await vanishes(path, answer === true ? removalTime : 0);
          if (isGone || answer === true) left.delete(id);
          if (isGone) results.set(id, answer === true ? 'removed' : 'gone');
          else results.set(id, typeof answer === 'string' ? problem(answer) : notRemoved);
        }
        return results;
      },
      async [Symbol.asyncDispose]() {
        await smtpctl.each('resume', [...left]);
      },
    };
  }

  async function seizeStopped(places: readonly EntryPlace[]): Promise<Seizure> {
    const seized = new Map<string, SeizedEntry>();
    const missed = new Map<string, Missed>();
    for (const place of places)
      if (await exists(place.path)) seized.set(place.id, { place, wasHeld: false });
      else missed.set(place.id, 'gone');
    return {
      seized,
      missed,
      async remove(ids) {
        const isStopped = !(await isRunning());
        const results = new Map<string, Missed | 'removed'>();
        for (const id of ids) {
          const path = seized.get(id)?.place.path;
          if (path) results.set(id, isStopped ? await removeStopped(path) : wasStarted);
        }
        return results;
      },
      // Nothing was done that would have to be taken back.
      async [Symbol.asyncDispose]() {},
    };
  }

  return {
    async seize(places) {
      return (await isRunning()) ? await seizeRunning(places) : await seizeStopped(places);
    },

    async hold(places) {
      if (!(await isRunning())) {
        const { seized, missed } = await seizeStopped(places);
        return new Map([...missed, ...[...seized.keys()].map((id) => [id, cannotHold] as const)]);
      }
      await smtpctl.each(
        'pause',
        places.map(({ id }) => id),
      );
      const standings = await smtpctl.standings(columnsOf(places));
      const results = new Map<string, Missed | 'held'>(await whyUnknown(places, standings));
      if (typeof standings !== 'string')
        for (const [id, { isPaused }] of standings) results.set(id, isPaused ? 'held' : notPaused);
      return results;
    },

    async release(ids) {
      const resumed = (await isRunning()) ? await smtpctl.each('resume', ids) : null;
      const results = new Map<string, Missed | 'released'>();
      for (const id of ids) {
        const isThere = resumed?.get(id) === true || (await exists(layout.envelope(id)));
        results.set(id, isThere ? 'released' : 'gone');
      }
      return results;
    },

    restore: (entries) => restoreEntries(entries, { smtpctl, layout, isRunning }),
  };
}

const problem = (text: string): Missed => ({ problem: text });
const wasStarted = problem('smtpd was started meanwhile');
const notPaused = problem('smtpd did not pause it');
const notKnown = problem(
  'smtpd does not know it: it has not read its queue to the end yet, or could not read this one',
);
const notRemoved = problem('smtpd was told to remove it, and has not done so yet');
const cannotHold = problem('smtpd is not running, and keeps in memory alone what is paused');

/** The scheduler does not list what it is about to remove, and does not know what it could not read. */
async function whyUnknown(
  places: readonly EntryPlace[],
  standings: ReadonlyMap<string, Standing> | string,
): Promise<readonly (readonly [string, Missed])[]> {
  if (typeof standings === 'string') return places.map(({ id }) => [id, problem(standings)]);
  const unknown = places.filter(({ id }) => !standings.has(id));
  return await Promise.all(
    unknown.map(async ({ id, path }) => [id, (await vanishes(path, 1000)) ? 'gone' : notKnown]),
  );
}

async function vanishes(path: string, time: number): Promise<boolean> {
  const deadline = performance.now() + time;
  while (await exists(path)) {
    if (performance.now() >= deadline) return false;
    await sleep(10);
  }
  return true;
}
