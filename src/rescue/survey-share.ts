/**
 * A share of a queue: read, judged, and its causes found, on whichever thread.
 */
import type { JudgedEntry } from './cause.ts';
import type { CauseSoFar, Causes } from './causes.ts';
import { createEntryJudge } from './judge-entries.ts';
import { openReader } from './open-reader.ts';
import type { QueueSource, Unreadable } from './reader.ts';
import type { AskPath } from './verdict-desk.ts';
import { parseWhere, type Where } from './where.ts';

export interface SurveyShare {
  readonly source: QueueSource;
  /** Entries whose id falls to `share` of `shares`. */
  readonly share: number;
  readonly shares: number;
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

export interface UnreadableFiles {
  /** The first ones. */
  readonly files: readonly Unreadable[];
  readonly count: number;
}

export interface ShareParts {
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
export const mostUnreadable = 1000;

/** Rejects with QueueFolderError where a queue folder cannot be read, and with the signal's reason. */
export async function readShare(share: SurveyShare, parts: ShareParts): Promise<UnreadableFiles> {
  const { source, where, now } = share;
  const { causes, ask, onProgress, signal } = parts;
  const isMeant = readWhere(where);
  const judge = createEntryJudge(ask);
  const files: Unreadable[] = [];
  let count = 0;
  let read = 0;
  let waiting = 0;
  let wake = () => {};

  function take(judged: JudgedEntry): void {
    read++;
    if (isMeant(judged, now)) causes.add(judged);
  }

  function takeLater(judged: Promise<JudgedEntry>): void {
    waiting++;
    void judged.then((found) => {
      waiting--;
      take(found);
      wake();
    });
  }

  function note({ path, problem }: Unreadable): void {
    count++;
    if (files.length < mostUnreadable) files.push({ path, problem });
  }

  function answered(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  const reader = openReader(source, { brief: true });
  let toldAt = performance.now();
  let untold = 0;
  for (const listed of reader.list()) {
    if (!isOurs(share, listed.kind === 'entry' ? listed.place.id : listed.path)) continue;
    if (listed.kind === 'unreadable') note(listed);
    else {
      const found = reader.read(listed.place);
      if (found.kind === 'unreadable') note(found);
      if (found.kind === 'entry') {
        const judged = judge.judge(listed.place, found.entry);
        if (judged instanceof Promise) takeLater(judged);
        else take(judged);
      }
    }
    if (++untold < stride) continue;
    untold = 0;
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    while (waiting > mostWaiting) await answered();
    if (performance.now() - toldAt < tellEvery) continue;
    onProgress({ read, largest: causes.largest(10) });
    toldAt = performance.now();
  }
  while (waiting > 0) await answered();
  return { files, count };
}

/** The same for every thread. Ids count up at their ends, so any simple mix spreads them evenly. */
function isOurs({ share, shares }: SurveyShare, name: string): boolean {
  let mix = 7;
  for (let i = Math.max(0, name.length - 12); i < name.length; i++)
    mix = (Math.imul(mix, 31) + name.charCodeAt(i)) | 0;
  return (mix >>> 0) % shares === share;
}

function readWhere(text: string): Where {
  if (text === '') return () => true;
  const parsed = parseWhere(text);
  if (parsed.kind === 'fault') throw new Error(parsed.problem);
  return parsed.test;
}
