/**
 * A whole queue, read by several threads at once, in batches, no faster than they are taken.
 */
import { Worker } from 'node:worker_threads';
import { QueueFolderError, type QueueSource } from './reader.ts';
import type { ScanBatch, ScanMessage, ScanShare } from './scan-batch.ts';

/** Batches of each thread that may be under way or wait to be taken. */
const ahead = 4;

export interface Scan extends AsyncDisposable {
  /**
   * In no order; an entry that moves meanwhile may come twice, or, while its server renames it, not at all.
   * Throws QueueFolderError where a queue folder cannot be read.
   */
  batches(): AsyncGenerator<ScanBatch>;
}

/** Reads nothing until batches are asked for. */
export function startScan(source: QueueSource, threads: number): Scan {
  const workers: Worker[] = [];
  const arrived: { readonly batch: ScanBatch; readonly from: Int32Array }[] = [];
  let running = threads;
  let fault: Error | null = null;
  let wake = () => {};

  function start(share: number): void {
    const buffer = new SharedArrayBuffer(4);
    const credit = new Int32Array(buffer);
    credit[0] = ahead;
    const data: ScanShare = { source, share, shares: threads, credit: buffer };
    const worker = new Worker(new URL('./scan-worker.ts', import.meta.url), { workerData: data });
    workers.push(worker);
    worker.on('message', (message: ScanMessage) => {
      if (message.kind === 'batch') arrived.push({ batch: JSON.parse(message.json), from: credit });
      else if (message.kind === 'failed')
        fault ??= new QueueFolderError(source.folders.join(', '), message.problem);
      wake();
    });
    worker.on('error', (error) => {
      fault ??= error instanceof Error ? error : new Error(String(error));
      wake();
    });
    worker.on('exit', () => {
      running--;
      wake();
    });
  }

  async function* batches(): AsyncGenerator<ScanBatch> {
    for (let share = 0; share < threads; share++) start(share);
    for (;;) {
      const next = arrived.shift();
      if (next) {
        yield next.batch;
        Atomics.add(next.from, 0, 1);
        Atomics.notify(next.from, 0);
      } else if (fault) {
        throw fault;
      } else if (running === 0) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    batches,
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
