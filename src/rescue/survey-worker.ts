/**
 * A thread that reads a share of a queue. What it cannot know it asks the main thread, which ends it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createCauses } from './causes.ts';
import { QueueFolderError } from './reader.ts';
import type { FromThread, ToThread } from './survey-messages.ts';
import { readShare, type SurveyShare } from './survey-share.ts';
import type { PathAnswer } from './verdict-desk.ts';

const share: SurveyShare = workerData;
const causes = createCauses();
const asked = new Map<string, (answer: PathAnswer) => void>();

parentPort?.on('message', ({ key, answer }: ToThread) => {
  asked.get(key)?.(answer);
  asked.delete(key);
});

try {
  const unreadable = await readShare(share, {
    causes,
    ask(question) {
      send({ kind: 'ask', question });
      return new Promise((resolve) => asked.set(question.key, resolve));
    },
    onProgress: (soFar) => send({ kind: 'progress', soFar }),
    signal: new AbortController().signal,
  });
  send({ kind: 'end', causes: causes.state, unreadable });
} catch (error) {
  if (!(error instanceof QueueFolderError)) throw error;
  send({ kind: 'failed', path: error.path, why: error.why });
}

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}
