/**
 * The thread that reads a share of a queue and finds its causes. What it cannot know it asks the main thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { JudgedEntry } from './cause.ts';
import { createCauses } from './causes.ts';
import { createEntryJudge } from './judge-entries.ts';
import { openReader } from './open-reader.ts';
import { QueueFolderError, type Unreadable } from './reader.ts';
import {
  type FromThread,
  mostUnreadable,
  type SurveyShare,
  type ToThread,
} from './survey-share.ts';
import type { PathAnswer } from './verdict-desk.ts';
import { parseWhere, type Where } from './where.ts';

/** Entries read before answers are heard. */
const stride = 64;
/** Entries that may wait for answers: a domain that answers slowly does not hold up the others. */
const mostWaiting = 10_000;
/** ms between two words about the progress; finding the largest causes so far costs some 20. */
const tellEvery = 500;

const { source, share, shares, where, now }: SurveyShare = workerData;
const causes = createCauses();
const isMeant = readWhere(where);
const questions = new Map<string, (answer: PathAnswer) => void>();
const judge = createEntryJudge((question) => {
  send({ kind: 'ask', question });
  return new Promise((resolve) => questions.set(question.key, resolve));
});
const unreadable: Unreadable[] = [];
let unreadableCount = 0;
let read = 0;
let waiting = 0;
let wake = () => {};

parentPort?.on('message', ({ key, answer }: ToThread) => {
  questions.get(key)?.(answer);
  questions.delete(key);
});

try {
  await readShare();
  send({ kind: 'end', read, causes: causes.state, unreadable, unreadableCount });
} catch (error) {
  if (!(error instanceof QueueFolderError)) throw error;
  send({ kind: 'failed', path: error.path, why: error.why });
}

async function readShare(): Promise<void> {
  const reader = openReader(source);
  let toldAt = performance.now();
  let untold = 0;
  for (const listed of reader.list()) {
    const name = listed.kind === 'entry' ? listed.place.id : listed.path;
    if (shares > 1 && shareOf(name) !== share) continue;
    if (listed.kind === 'unreadable') note(listed);
    else {
      const { place } = listed;
      const found = reader.read(place);
      if (found.kind === 'unreadable') note(found);
      if (found.kind === 'entry') {
        const judged = judge.judge(place, found.entry);
        if (judged instanceof Promise) countLater(judged);
        else count(judged);
      }
    }
    if (++untold < stride) continue;
    untold = 0;
    await turn();
    while (waiting > mostWaiting) await answered();
    if (performance.now() - toldAt < tellEvery) continue;
    tell();
    toldAt = performance.now();
  }
  while (waiting > 0) await answered();
}

function count(judged: JudgedEntry): void {
  read++;
  if (isMeant(judged, now)) causes.add(judged);
}

function countLater(judged: Promise<JudgedEntry>): void {
  waiting++;
  void judged.then((found) => {
    waiting--;
    count(found);
    wake();
  });
}

function answered(): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve;
  });
}

/** Lets messages in. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function note({ path, problem }: Unreadable): void {
  unreadableCount++;
  if (unreadable.length < mostUnreadable) unreadable.push({ path, problem });
}

function tell(): void {
  const largest = causes.findings().causes.slice(0, 10);
  const known = largest.map(({ name, proposal, count }) => ({ name, proposal, count }));
  send({ kind: 'progress', read, largest: known });
}

/** The same for every thread. Ids count up at their ends, so any simple mix spreads them evenly. */
function shareOf(name: string): number {
  let mix = 7;
  for (let i = Math.max(0, name.length - 12); i < name.length; i++)
    mix = (Math.imul(mix, 31) + name.charCodeAt(i)) | 0;
  return (mix >>> 0) % shares;
}

function readWhere(text: string): Where {
  if (text === '') return () => true;
  const parsed = parseWhere(text);
  if (parsed.kind === 'fault') throw new Error(parsed.problem);
  return parsed.test;
}

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}
