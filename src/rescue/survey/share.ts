/**
 * A share of a queue: read, judged, and its causes found, on whichever thread.
 */
import type { CauseSoFar, Causes } from '../causes/causes.ts';
import { openReader } from '../open-reader.ts';
import type { EntryPlace, QueueSource, Unreadable } from '../reader.ts';
import { createEntryJudge } from './judge-entries.ts';
import { placesIn, type TakeParcel } from './parcels.ts';
import type { AskPath } from './verdict-desk.ts';
import { parseWhere, type Where } from './where.ts';

export interface SurveyTask {
  readonly source: QueueSource;
  /** Which entries count, as for parseWhere; '' for all. */
  readonly where: string;
  /** For their age, ms since 1970. */
  readonly now: number;
}

export interface SoFar {
  readonly read: number;
  /** The largest first. */
  readonly largest: readonly CauseSoFar[];
}

export interface ShareParts {
  readonly take: TakeParcel;
  /** Takes what is found. */
  readonly causes: Causes;
  readonly ask: AskPath;
  readonly onProgress: (soFar: SoFar) => void;
  readonly signal: AbortSignal;
}

/** Entries read before others have their turn. */
const stride = 64;
/** Entries that may wait for answers: a domain that answers slowly does not hold up the others. */
const mostWaiting = 10_000;
/** ms between two words about the progress. */
const tellEvery = 300;

/** Resolves to what cannot be read. Rejects with the signal's reason. */
export async function readShare(task: SurveyTask, parts: ShareParts): Promise<UnreadableFiles> {
  const { source, where, now } = task;
  const { take, causes, ask, onProgress, signal } = parts;
  const isMeant = readWhere(where);
  const judge = createEntryJudge(ask);
  const reader = openReader(source, { brief: true });
  const unreadable = collectUnreadable();
  /** Whose answers have come: read once more, since keeping what was read would cost memory. */
  const answered: EntryPlace[] = [];
  let waiting = 0;
  let wake = () => {};
  let read = 0;
  let untold = 0;
  let toldAt = performance.now();

  function look(place: EntryPlace): void {
    const found = reader.read(place);
    if (found.kind === 'unreadable') unreadable.note(found);
    if (found.kind !== 'entry') return;
    const judged = judge.judge(place, found.entry);
    if (judged instanceof Promise) {
      waiting++;
      void judged.then(() => {
        waiting--;
        answered.push(place);
        wake();
      });
      return;
    }
    read++;
    if (isMeant(judged, now)) causes.add(judged);
  }

  async function giveWay(): Promise<void> {
    untold = 0;
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    if (performance.now() - toldAt < tellEvery) return;
    onProgress({ read, largest: causes.largest(10) });
    toldAt = performance.now();
  }

  async function lookAll(places: Iterable<EntryPlace>): Promise<void> {
    for (const place of places) {
      look(place);
      if (++untold >= stride) await giveWay();
    }
  }

  /** Until no more than so many wait for answers. */
  async function settle(most: number): Promise<void> {
    await lookAll(answered.splice(0));
    while (waiting > most || answered.length > 0) {
      if (answered.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      await lookAll(answered.splice(0));
    }
  }

  for (let parcel = await take(); parcel; parcel = await take()) {
    await lookAll(placesIn(parcel));
    await settle(mostWaiting);
  }
  await settle(0);
  return unreadable.found;
}

export interface UnreadableFiles {
  /** The first ones. */
  readonly files: readonly Unreadable[];
  readonly count: number;
}

const mostUnreadable = 1000;

export function collectUnreadable() {
  const files: Unreadable[] = [];
  let count = 0;
  return {
    note({ path, problem }: Unreadable): void {
      count++;
      if (files.length < mostUnreadable) files.push({ path, problem });
    },
    add(other: UnreadableFiles): void {
      count += other.count;
      files.push(...other.files.slice(0, mostUnreadable - files.length));
    },
    get found(): UnreadableFiles {
      return { files, count };
    },
  };
}

function readWhere(text: string): Where {
  if (text === '') return () => true;
  const parsed = parseWhere(text);
  if (parsed.kind === 'fault') throw new Error(parsed.problem);
  return parsed.test;
}
