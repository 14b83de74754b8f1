/**
 * The thread that reads a share of a queue.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from './open-reader.ts';
import { QueueFolderError } from './reader.ts';
import type { ScanBatch, ScanMessage, ScanShare } from './scan-batch.ts';

/** Small, so that the first causes are there at once; large enough that sending costs little. */
const batchSize = 128;

const { source, share, shares, credit: buffer }: ScanShare = workerData;
const credit = new Int32Array(buffer);

try {
  readShare();
  send({ kind: 'end' });
} catch (error) {
  if (!(error instanceof QueueFolderError)) throw error;
  send({ kind: 'failed', problem: error.message });
}

function readShare(): void {
  const reader = openReader(source);
  let entries: ScanBatch['entries'][number][] = [];
  let unreadable: ScanBatch['unreadable'][number][] = [];

  function flush(): void {
    if (entries.length + unreadable.length === 0) return;
    const batch: ScanBatch = { entries, unreadable };
    const json = JSON.stringify(batch);
    entries = [];
    unreadable = [];
    while (Atomics.load(credit, 0) <= 0) Atomics.wait(credit, 0, 0);
    Atomics.sub(credit, 0, 1);
    send({ kind: 'batch', json });
  }

  for (const listed of reader.list()) {
    const name = listed.kind === 'entry' ? listed.place.id : listed.path;
    if (shares > 1 && shareOf(name) !== share) continue;
    if (listed.kind === 'unreadable') {
      unreadable.push({ path: listed.path, problem: listed.problem });
    } else {
      const { place } = listed;
      const read = reader.read(place);
      if (read.kind === 'entry') entries.push({ place, entry: read.entry });
      else if (read.kind === 'unreadable')
        unreadable.push({ path: read.path, problem: read.problem });
    }
    if (entries.length + unreadable.length >= batchSize) flush();
  }
  flush();
}

/** The same for every thread. Ids count up at their ends, so any simple mix spreads them evenly. */
function shareOf(name: string): number {
  let mix = 7;
  for (let i = Math.max(0, name.length - 12); i < name.length; i++)
    mix = (Math.imul(mix, 31) + name.charCodeAt(i)) | 0;
  return (mix >>> 0) % shares;
}

function send(message: ScanMessage): void {
  parentPort?.postMessage(message);
}
