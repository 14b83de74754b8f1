/**
 * Changing Exim's queue by Exim's own program, while its daemon runs.
 *
 * `exim -Mf` freezes under the lock that each delivery takes, so a message that is being delivered says
 * that it is locked, and one that is frozen is left alone by deliveries and queue runs. `exim -Mrm`
 * takes the same lock and removes all files of a message.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type ActionResult, parseActionReport } from '../../foreign/exim/action-report.ts';
import type { EximProgram } from '../../machine/exim.ts';
import type { Missed, QueueHand, SeizedEntry, Seizure } from '../mail-server.ts';
import type { EntryPlace } from '../reader.ts';
import { actOn } from './act.ts';
import { openEximReader } from './reader.ts';
import { restoreEntries } from './restore.ts';
import { placeOf } from './spool-files.ts';

/**
 * Messages for one process. One that takes too long is killed, perhaps between two files of a message,
 * so it must be done long before, also on a disk that cannot keep up.
 */
const mostIds = 25;

type Action = '-Mf' | '-Mt' | '-Mrm';

/** `spool`: the folder as it is called out here. */
export function createEximHand(program: EximProgram, spool: string): QueueHand {
  const reader = openEximReader([spool]);

  /** What is not in its place any more is not asked for: Exim would log that as trouble. */
  async function act(
    action: Action,
    places: readonly EntryPlace[],
  ): Promise<Map<string, ActionResult>> {
    const results = new Map<string, ActionResult>();
    const byQueue = new Map<string | null, EntryPlace[]>();
    for (const place of places) {
      const queue = queueOf(place);
      if (!existsSync(place.path)) results.set(place.id, 'gone');
      else if (queue === undefined) results.set(place.id, { problem: 'it is not in the spool' });
      else byQueue.set(queue, [...(byQueue.get(queue) ?? []), place]);
    }
    for (const [queue, wanted] of byQueue)
      for (let at = 0; at < wanted.length; at += mostIds) {
        const ids = wanted.slice(at, at + mostIds).map(({ id }) => id);
        const { stdout, stderr } = await actOn(program, action, queue, ids);
        const report = parseActionReport(stdout);
        const silence = { problem: firstLine(stderr) ?? 'Exim says nothing of it' };
        for (const id of ids) results.set(id, report.get(id) ?? silence);
      }
    return results;
  }

  /** Null: the queue without a name; undefined: none of this spool. */
  function queueOf({ path }: EntryPlace): string | null | undefined {
    const folder = placeOf(path)?.queueFolder;
    if (folder === undefined) return undefined;
    if (folder === spool) return null;
    const name = basename(folder);
    // Exim takes what follows a slash for something else.
    return folder === `${spool}/${name}` && /^[\w.+-]+$/.test(name) ? name : undefined;
  }

  async function thaw(places: readonly EntryPlace[]): Promise<Map<string, ActionResult>> {
    return await act('-Mt', places);
  }

  return {
    async seize(places): Promise<Seizure> {
      const byId = new Map(places.map((place) => [place.id, place]));
      const seized = new Map<string, SeizedEntry>();
      const missed = new Map<string, Missed>();
      for (const [id, result] of await act('-Mf', places)) {
        const place = byId.get(id);
        if (place && (result === 'frozen' || result === 'frozen already'))
          seized.set(id, { place, wasHeld: result === 'frozen already' });
        else missed.set(id, missedOf(result));
      }
      const ours = new Map([...seized].filter(([, { wasHeld }]) => !wasHeld));
      return {
        seized,
        missed,
        async remove(ids) {
          const wanted = ids.flatMap((id) => seized.get(id)?.place ?? []);
          const results = await act('-Mrm', wanted);
          for (const { id, path } of wanted) {
            // Killed in the middle, Exim may not have said that it has removed it.
            if (typeof results.get(id) === 'object' && !existsSync(path))
              results.set(id, 'removed');
            if (results.get(id) === 'removed' || results.get(id) === 'gone') ours.delete(id);
          }
          return translate(results, 'removed', ['removed']);
        },
        async [Symbol.asyncDispose]() {
          await thaw([...ours.values()].map(({ place }) => place));
          ours.clear();
        },
      };
    },
    async hold(places) {
      return translate(await act('-Mf', places), 'held', ['frozen', 'frozen already']);
    },
    async release(ids) {
      const places = ids.flatMap((id) => reader.find(id) ?? []);
      const released = translate(await thaw(places), 'released', ['thawed', 'not frozen']);
      const gone = ids.filter((id) => !released.has(id));
      return new Map([...released, ...gone.map((id) => [id, 'gone'] as const)]);
    },
    restore: (entries) => restoreEntries(spool, reader, entries),
  };
}

function translate<Done extends string>(
  results: ReadonlyMap<string, ActionResult>,
  done: Done,
  good: readonly ActionResult[],
): Map<string, Missed | Done> {
  return new Map(
    [...results].map(([id, result]) => [id, good.includes(result) ? done : missedOf(result)]),
  );
}

function missedOf(result: ActionResult): Missed {
  if (result === 'gone' || result === 'busy' || typeof result === 'object') return result;
  return { problem: `Exim says that it is ${result}` };
}

function firstLine(text: string): string | null {
  return text.trim().split('\n')[0] || null;
}
