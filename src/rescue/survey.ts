/**
 * One look at a whole queue: its shares read and judged side by side, one of them on this very thread, and
 * the causes found. Changes nothing.
 */
import { Worker } from 'node:worker_threads';
import type { Findings } from './cause.ts';
import { type CauseSoFar, createCauses } from './causes.ts';
import { QueueFolderError, type QueueSource, type Unreadable } from './reader.ts';
import type { FromThread, ToThread } from './survey-messages.ts';
import {
  mostUnreadable,
  readShare,
  type ShareParts,
  type SoFar,
  type SurveyShare,
  type UnreadableFiles,
} from './survey-share.ts';
import type { AskPath } from './verdict-desk.ts';

export interface SurveyOptions {
  readonly source: QueueSource;
  /** This one included. */
  readonly threads: number;
  readonly ask: AskPath;
  /** Which entries count, as for parseWhere; the others are as if they were not there. '' for all. */
  readonly where: string;
  /** ms since 1970. */
  readonly now: number;
  readonly onProgress: (soFar: SoFar) => void;
  readonly signal: AbortSignal;
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
  const progress = new Map<number, SoFar>();
  await using workers = new AsyncDisposableStack();

  const shares = Array.from({ length: threads }, (_, number) => {
    const share: SurveyShare = { source, share: number, shares: threads, where, now };
    const parts: ShareParts = {
      causes,
      ask,
      signal,
      onProgress(soFar) {
        progress.set(number, soFar);
        onProgress(joinProgress([...progress.values()]));
      },
    };
    return { share, parts };
  });
  const [own, ...others] = shares;
  const elsewhere = others.map(({ share, parts }) => readElsewhere(share, parts, workers));
  const here = own ? [readShare(own.share, own.parts)] : [];
  const found = await Promise.all([...here, ...elsewhere]);
  return {
    findings: causes.findings(),
    unreadable: found.flatMap(({ files }) => files).slice(0, mostUnreadable),
    unreadableCount: found.reduce((sum, { count }) => sum + count, 0),
  };
}

/** As readShare, on a thread of its own, which ends with the stack. */
function readElsewhere(
  share: SurveyShare,
  { causes, ask, onProgress, signal }: ShareParts,
  workers: AsyncDisposableStack,
): Promise<UnreadableFiles> {
  const { promise, resolve, reject } = Promise.withResolvers<UnreadableFiles>();
  const worker = new Worker(new URL('./survey-worker.ts', import.meta.url), { workerData: share });
  workers.defer(async () => void (await worker.terminate()));
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  workers.defer(() => signal.removeEventListener('abort', stop));
  worker.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'ask':
        void answer(worker, ask, message.question);
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
      case 'failed':
        reject(new QueueFolderError(message.path, message.why));
        break;
    }
  });
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('a reading thread ended before its work')));
  return promise;
}

async function answer(
  worker: Worker,
  ask: AskPath,
  question: Parameters<AskPath>[0],
): Promise<void> {
  const told: ToThread = { key: question.key, answer: await ask(question) };
  worker.postMessage(told);
}

function joinProgress(parts: readonly SoFar[]): SoFar {
  const largest = new Map<string, CauseSoFar>();
  for (const part of parts)
    for (const cause of part.largest) {
      const known = largest.get(cause.name)?.count ?? 0;
      largest.set(cause.name, { ...cause, count: cause.count + known });
    }
  return {
    read: parts.reduce((sum, { read }) => sum + read, 0),
    largest: [...largest.values()].sort((a, b) => b.count - a.count),
  };
}
