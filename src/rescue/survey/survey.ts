/**
 * One look at a whole queue: listed here, read and judged side by side by threads of which this one is the
 * first, and the causes found. Changes nothing.
 */
import { Worker } from 'node:worker_threads';
import type { Findings } from '../causes/cause.ts';
import { type CauseSoFar, createCauses } from '../causes/causes.ts';
import { openReader } from '../open-reader.ts';
import type { QueueSource, Unreadable } from '../reader.ts';
import type { FromThread, ToThread } from './messages.ts';
import { createParcelDesk } from './parcels.ts';
import {
  collectUnreadable,
  readShare,
  type ShareParts,
  type SoFar,
  type SurveyTask,
  type UnreadableFiles,
} from './share.ts';
import type { AskPath, PathQuestion } from './verdict-desk.ts';

export interface SurveyOptions {
  readonly source: QueueSource;
  /** This one included. */
  readonly threads: number;
  readonly ask: AskPath;
  /** Which entries count, as for parseWhere; the others are as if they were not there. '' for all. */
  readonly where: string;
  /** ms since 1970. */
  readonly now: number;
  readonly onProgress: (progress: SurveyProgress) => void;
  readonly signal: AbortSignal;
}

export interface SurveyProgress extends SoFar {
  /** Entries that were listed; null until all are. Some may be gone before they are read. */
  readonly total: number | null;
}

export interface Survey {
  readonly findings: Findings;
  /** The first ones. */
  readonly unreadable: readonly Unreadable[];
  readonly unreadableCount: number;
}

/**
 * An entry that its server renames meanwhile may be missed: the next look has it. Rejects with
 * QueueFolderError where a queue folder cannot be read, and with the signal's reason.
 */
export async function surveyQueue(options: SurveyOptions): Promise<Survey> {
  const { source, threads, ask, where, now, onProgress, signal } = options;
  signal.throwIfAborted();
  const causes = createCauses();
  const unreadable = collectUnreadable();
  const desk = createParcelDesk(openReader(source).list(), unreadable.note);
  const progress: SoFar[] = [];
  await using workers = new AsyncDisposableStack();
  const task: SurveyTask = { source, where, now };
  const shares = Array.from({ length: threads }, (_, number) => {
    const parts: ShareParts = {
      take: desk.take,
      causes,
      ask,
      signal,
      onProgress(soFar) {
        progress[number] = soFar;
        onProgress({ ...joinProgress(progress), total: desk.total });
      },
    };
    return number === 0 ? readShare(task, parts) : readElsewhere(task, parts, workers);
  });
  const [, ...found] = await Promise.all([desk.fill(signal), ...shares]);
  for (const one of found) unreadable.add(one);
  const { files, count } = unreadable.found;
  return { findings: causes.findings(), unreadable: files, unreadableCount: count };
}

/** As readShare, on a thread of its own, which ends with the stack. */
function readElsewhere(
  task: SurveyTask,
  { take, causes, ask, onProgress, signal }: ShareParts,
  workers: AsyncDisposableStack,
): Promise<UnreadableFiles> {
  const { promise, resolve, reject } = Promise.withResolvers<UnreadableFiles>();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task });
  workers.defer(async () => void (await worker.terminate()));
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  workers.defer(() => signal.removeEventListener('abort', stop));
  const send = (message: ToThread) => worker.postMessage(message);
  worker.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'take':
        void take().then((parcel) => send({ kind: 'parcel', parcel }));
        break;
      case 'ask':
        void answer(send, ask, message.question);
        break;
      case 'progress':
        onProgress(message.soFar);
        break;
      case 'end':
        // Its memory is needed for what comes over from it.
        void worker.terminate();
        causes.absorb(message.causes);
        resolve(message.unreadable);
        break;
    }
  });
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('a reading thread ended before its work')));
  return promise;
}

async function answer(
  send: (message: ToThread) => void,
  ask: AskPath,
  question: PathQuestion,
): Promise<void> {
  send({ kind: 'answer', key: question.key, answer: await ask(question) });
}

function joinProgress(parts: readonly SoFar[]): SoFar {
  const largest = new Map<string, CauseSoFar>();
  let sum = 0;
  // One that has not told of itself yet leaves a hole.
  parts.forEach(({ read, largest: ours }) => {
    sum += read;
    for (const cause of ours) {
      const known = largest.get(cause.name)?.count ?? 0;
      largest.set(cause.name, { ...cause, count: cause.count + known });
    }
  });
  return { read: sum, largest: [...largest.values()].sort((a, b) => b.count - a.count) };
}
