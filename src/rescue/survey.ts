/**
 * One look at a whole queue: read, judged, and its causes found. Changes nothing.
 */
import type { Findings, JudgedEntry } from './cause.ts';
import { createCauses } from './causes.ts';
import type { EntryJudge } from './judge-entries.ts';
import type { QueueSource, Unreadable } from './reader.ts';
import { startScan } from './scan.ts';

export interface SurveyOptions {
  readonly source: QueueSource;
  readonly threads: number;
  readonly judge: EntryJudge;
  /** Which entries count; the others are as if they were not there. */
  readonly select: (judged: JudgedEntry) => boolean;
  /** After every batch; `findings` gives what is known so far. */
  readonly onProgress: (read: number, findings: () => Findings) => void;
  readonly signal: AbortSignal;
}

export interface Survey {
  readonly findings: Findings;
  /** The first ones. */
  readonly unreadable: readonly Unreadable[];
  readonly unreadableCount: number;
}

/** Entries that may wait for DNS: a domain that answers slowly does not hold up the others. */
const mostWaiting = 20_000;
const mostUnreadable = 1000;

/** Throws QueueFolderError where a queue folder cannot be read, and the signal's reason. */
export async function surveyQueue(options: SurveyOptions): Promise<Survey> {
  const { source, threads, judge, select, onProgress, signal } = options;
  const causes = createCauses();
  const unreadable: Unreadable[] = [];
  let unreadableCount = 0;
  let read = 0;
  const waiting = new Set<Promise<void>>();
  let wake = () => {};

  function count(judged: JudgedEntry): void {
    if (select(judged)) causes.add(judged);
  }

  function countLater(pending: Promise<JudgedEntry>): void {
    const counted: Promise<void> = pending.then(count).finally(() => {
      waiting.delete(counted);
      wake();
    });
    waiting.add(counted);
  }

  await using scan = startScan(source, threads);
  for await (const batch of scan.batches()) {
    signal.throwIfAborted();
    for (const { place, entry } of batch.entries) {
      const judged = judge.judge(place, entry);
      if (judged instanceof Promise) countLater(judged);
      else count(judged);
    }
    read += batch.entries.length;
    unreadableCount += batch.unreadable.length;
    unreadable.push(...batch.unreadable.slice(0, mostUnreadable - unreadable.length));
    onProgress(read, causes.findings);
    while (waiting.size > mostWaiting)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  await Promise.all(waiting);
  return { findings: causes.findings(), unreadable, unreadableCount };
}
