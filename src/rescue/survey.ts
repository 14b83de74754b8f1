/**
 * One look at a whole queue: read and judged by several threads, and its causes found. Changes nothing.
 */
import { Worker } from 'node:worker_threads';
import type { Findings } from './cause.ts';
import { createCauses } from './causes.ts';
import { QueueFolderError, type QueueSource, type Unreadable } from './reader.ts';
import {
  type CauseSoFar,
  type FromThread,
  mostUnreadable,
  type SurveyShare,
  type ToThread,
} from './survey-share.ts';
import type { AskPath } from './verdict-desk.ts';

export interface SurveyOptions {
  readonly source: QueueSource;
  readonly threads: number;
  readonly ask: AskPath;
  /** Which entries count, as for parseWhere; the others are as if they were not there. '' for all. */
  readonly where: string;
  /** ms since 1970. */
  readonly now: number;
  readonly onProgress: (soFar: SoFar) => void;
  readonly signal: AbortSignal;
}

export interface SoFar {
  readonly read: number;
  /** The largest first. */
  readonly largest: readonly CauseSoFar[];
}

export interface Survey {
  readonly findings: Findings;
  /** The first ones. */
  readonly unreadable: readonly Unreadable[];
  readonly unreadableCount: number;
}

/**
 * An entry that its server renames meanwhile may be missed: the next look has it. Throws QueueFolderError
 * where a queue folder cannot be read, and the signal's reason.
 */
export async function surveyQueue(options: SurveyOptions): Promise<Survey> {
  const { source, threads, ask, where, now, onProgress, signal } = options;
  signal.throwIfAborted();
  const causes = createCauses();
  const unreadable: Unreadable[] = [];
  let unreadableCount = 0;
  const progress = new Map<number, SoFar>();

  function readShare(share: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const data: SurveyShare = { source, share, shares: threads, where, now };
    const worker = new Worker(new URL('./survey-worker.ts', import.meta.url), { workerData: data });
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: FromThread) => {
      switch (message.kind) {
        case 'ask': {
          const { question } = message;
          void ask(question).then((answer) => {
            const told: ToThread = { key: question.key, answer };
            worker.postMessage(told);
          });
          break;
        }
        case 'progress':
          progress.set(share, message);
          onProgress(joinProgress([...progress.values()]));
          break;
        case 'end':
          causes.absorb(message.causes);
          unreadable.push(...message.unreadable.slice(0, mostUnreadable - unreadable.length));
          unreadableCount += message.unreadableCount;
          resolve();
          break;
        case 'failed':
          reject(new QueueFolderError(message.path, message.why));
          break;
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('a reading thread ended before its work')));
    return promise.finally(async () => {
      signal.removeEventListener('abort', stop);
      await worker.terminate();
    });
  }

  await Promise.all(Array.from({ length: threads }, (_, share) => readShare(share)));
  return { findings: causes.findings(), unreadable, unreadableCount };
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
