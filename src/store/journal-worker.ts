/**
 * The journal's thread: owns the SQLite file, so that no fsync ever holds up a socket.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Receipt } from '../verdict/verdict.ts';
import { mayStayOpen } from './errors.ts';
import { holdFile } from './held-file.ts';
import type { Answer, Request, ThreadData } from './journal-thread.ts';
import { openJournalFile } from './sqlite-journal.ts';
import { type Trouble, toTrouble } from './store-thread.ts';

const { path, maxBytes }: ThreadData = workerData;
const held = holdFile(() => openJournalFile(path, { maxBytes }));

function answer(request: Request): Answer {
  switch (request.kind) {
    case 'open':
      held.use();
      return { kind: 'done' };
    case 'append':
      return { kind: 'appended', troubles: append(request.groups) };
    case 'page':
      return {
        kind: 'page',
        receipts: held.use().page(request.query, request.after, request.limit),
      };
    case 'save':
      held.use().saveIncidents(JSON.parse(request.incidents));
      return { kind: 'done' };
    case 'incidents':
      return { kind: 'incidents', incidents: held.use().incidents(request.query) };
    case 'lift':
      return { kind: 'lifted', isDone: held.use().liftIncident(request.id) };
    case 'prune':
      return { kind: 'pruned', count: held.use().prune(request.before, request.limit) };
    case 'close':
      held.close();
      return { kind: 'done' };
  }
}

/** One transaction for all; if that fails one for each, so that a bad receipt spoils only its own group. */
function append(groups: readonly string[]): (Trouble | null)[] {
  const all = attempt(groups);
  if (all === null || groups.length === 1) return groups.map(() => all);
  return groups.map((group) => attempt([group]));
}

function attempt(groups: readonly string[]): Trouble | null {
  try {
    held.use().insert(groups.flatMap((group): Receipt[] => JSON.parse(group)));
    return null;
  } catch (error) {
    if (!mayStayOpen(error)) held.close();
    return toTrouble(error);
  }
}

parentPort?.on('message', (request: Request) => {
  let reply: Answer;
  try {
    reply = answer(request);
  } catch (error) {
    reply = { kind: 'failed', trouble: toTrouble(error) };
  }
  parentPort?.postMessage(reply);
});
