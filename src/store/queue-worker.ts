/**
 * The queue's thread: owns the SQLite file, so that no fsync ever holds up a socket.
 */
import { parentPort, type Transferable, workerData } from 'node:worker_threads';
import { isDiskTrouble, mayStayOpen } from './errors.ts';
import { holdFile } from './held-file.ts';
import type { Answer, Request, ThreadData, Write } from './queue-thread.ts';
import { lockForServer } from './server-lock.ts';
import { openQueueFile } from './sqlite-queue.ts';
import { type Trouble, toTrouble } from './store-thread.ts';

const { path, maxBytes, minFreeBytes, instance, serve }: ThreadData = workerData;
let lock: Disposable | null = null;

/** ms without a write after which room is given back, and between two steps of that. */
const idleTime = 1000;
const stepTime = 20;
let shrinking: NodeJS.Timeout | undefined;

const held = holdFile(() => {
  if (serve) lock ??= lockForServer(path);
  return openQueueFile(path, instance, { maxBytes, minFreeBytes });
});

function answer(request: Request): Answer {
  switch (request.kind) {
    case 'open':
      held.use();
      return { kind: 'done' };
    case 'write':
      return write(JSON.parse(request.writes), request.bytes);
    case 'lastId':
      return { kind: 'number', number: held.use().lastId() };
    case 'nextDue':
      return { kind: 'number', number: held.use().nextDue(request.except) };
    case 'counts':
      return { kind: 'counts', counts: held.use().counts() };
    case 'noticesQueued':
      return { kind: 'number', number: held.use().noticesQueued(request.most) };
    case 'read': {
      const part = held.use().readPart(request.id, request.piece);
      if (!part) throw new Error('there is no such message any more');
      return { kind: 'bytes', ...part };
    }
    case 'page': {
      const { messages, next } = held.use().page(request.filter, request.after);
      return { kind: 'page', messages: JSON.stringify(messages), next };
    }
    case 'close':
      clearTimeout(shrinking);
      try {
        held.open?.letGo();
      } finally {
        held.close();
        lock?.[Symbol.dispose]();
        lock = null;
      }
      return { kind: 'done' };
  }
}

/** One transaction for all; if that fails one for each, so that a bad write spoils only itself. */
function write(writes: readonly Write[], bytes: Uint8Array): Answer {
  clearTimeout(shrinking);
  shrinking = setTimeout(shrink, idleTime);
  const all = attempt(writes, bytes);
  if ('results' in all)
    return { kind: 'written', results: JSON.stringify(all.results), troubles: [] };
  if (writes.length === 1) return { kind: 'written', results: '[null]', troubles: [[0, all]] };
  const results: unknown[] = [];
  const troubles: [number, Trouble][] = [];
  for (const [index, one] of writes.entries()) {
    const outcome = attempt([one], bytes);
    if ('results' in outcome) results.push(outcome.results[0]);
    else {
      results.push(null);
      troubles.push([index, outcome]);
    }
  }
  return { kind: 'written', results: JSON.stringify(results), troubles };
}

function attempt(writes: readonly Write[], bytes: Uint8Array): { results: unknown[] } | Trouble {
  try {
    return { results: held.use().write(writes, bytes) };
  } catch (error) {
    if (!mayStayOpen(error)) held.close();
    else if (isDiskTrouble(error)) emptyLog();
    return toTrouble(error);
  }
}

/** SQLite does so after a commit only, so that a disk without room for the log would be full for good. */
function emptyLog(): void {
  try {
    held.open?.emptyLog();
  } catch {
    // Then there is no room for that either.
  }
}

function shrink(): void {
  try {
    if (held.open?.shrink()) shrinking = setTimeout(shrink, stepTime);
  } catch {
    // Another process writes, or the disk is full: after the next write it is tried again.
  }
}

parentPort?.on('message', (request: Request) => {
  let reply: Answer;
  try {
    reply = answer(request);
  } catch (error) {
    reply = { kind: 'failed', trouble: toTrouble(error) };
  }
  const transfer: Transferable[] = [];
  if (reply.kind === 'bytes' && reply.bytes.buffer instanceof ArrayBuffer)
    transfer.push(reply.bytes.buffer);
  parentPort?.postMessage(reply, transfer);
});
