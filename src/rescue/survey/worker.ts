/**
 * A thread that reads a share of a queue. What it cannot know it asks the main thread, which ends it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createCauses } from '../causes/causes.ts';
import type { FromThread, ToThread } from './messages.ts';
import type { Parcel } from './parcels.ts';
import { readShare, type SurveyTask } from './share.ts';
import type { PathAnswer } from './verdict-desk.ts';

const task: SurveyTask = workerData;
const causes = createCauses();
const known = new Map<string, PathAnswer | Promise<PathAnswer>>();
const asked = new Map<string, (answer: PathAnswer) => void>();
let deliver = (_parcel: Parcel | null) => {};

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'parcel') return deliver(message.parcel);
  known.set(message.key, message.answer);
  asked.get(message.key)?.(message.answer);
  asked.delete(message.key);
});

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

/** The next one is on its way while one is read. */
let next = fetch();
function fetch(): Promise<Parcel | null> {
  const { promise, resolve } = Promise.withResolvers<Parcel | null>();
  deliver = resolve;
  send({ kind: 'take' });
  return promise;
}

const unreadable = await readShare(task, {
  async take() {
    const parcel = await next;
    if (parcel) next = fetch();
    return parcel;
  },
  causes,
  ask(question) {
    const found = known.get(question.key);
    if (found) return found;
    send({ kind: 'ask', question });
    const answer = new Promise<PathAnswer>((resolve) => asked.set(question.key, resolve));
    known.set(question.key, answer);
    return answer;
  },
  onProgress: (soFar) => send({ kind: 'progress', soFar }),
  signal: new AbortController().signal,
});
send({ kind: 'end', causes: causes.state, unreadable });
