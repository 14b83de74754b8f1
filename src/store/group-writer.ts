/**
 * Group commit: one batch of writes is under way at a time, and all that arrive meanwhile share the
 * next one, and with it one transaction and one fsync.
 */
import { QueueWriteError } from './errors.ts';
import type { Answer, Request, Span, Write } from './queue-thread.ts';
import { type Failure, fromTrouble, type StoreThread } from './store-thread.ts';

/** Bounds the time that one batch takes, and the memory of both threads. */
const batchWrites = 1000;
const batchBytes = 8 * 1024 * 1024;

/** Bytes of a write, to be laid one after the other. */
export type Chunks = readonly Uint8Array[];

export interface GroupWriter {
  /**
   * Resolves to what the write gives, once it is on disk; rejects with QueueWriteError where it was
   * not done. `build` makes the write when its batch is put together: `span` lays chunks into the
   * batch's bytes. The chunks must not change until then.
   */
  write(chunks: readonly Chunks[], build: (spans: readonly Span[]) => Write): Promise<unknown>;
  /** Everything that was asked is done. */
  drained(): Promise<void>;
}

interface Waiting {
  readonly chunks: readonly Chunks[];
  readonly length: number;
  readonly build: (spans: readonly Span[]) => Write;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: QueueWriteError) => void;
}

export function groupWriter(thread: StoreThread<Request, Exclude<Answer, Failure>>): GroupWriter {
  const waiting: Waiting[] = [];
  let writing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, fitting(waiting));
      try {
        const { writes, bytes } = layOut(batch);
        const answer = await thread.ask({ kind: 'write', writes, bytes }, [bytes.buffer]);
        if (answer.kind !== 'written') throw new Error('the thread answered something else');
        settle(batch, answer);
      } catch (error) {
        for (const { reject } of batch) reject(new QueueWriteError(error));
      }
    }
    writing = null;
  }

  return {
    write(chunks, build) {
      return new Promise((resolve, reject) => {
        const length = chunks.reduce((sum, each) => sum + lengthOf(each), 0);
        waiting.push({ chunks, length, build, resolve, reject });
        writing ??= writeAll();
      });
    },
    async drained() {
      await writing;
    },
  };
}

export function lengthOf(chunks: Chunks): number {
  let sum = 0;
  for (const { length } of chunks) sum += length;
  return sum;
}

/** How many of those that wait go into the next batch. */
function fitting(waiting: readonly Waiting[]): number {
  let bytes = 0;
  let count = 0;
  for (const { length } of waiting) {
    bytes += length;
    if (count > 0 && (bytes > batchBytes || count >= batchWrites)) break;
    count++;
  }
  return count;
}

function layOut(batch: readonly Waiting[]): { writes: string; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(batch.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const writes = batch.map(({ chunks, build }) =>
    build(
      chunks.map((each) => {
        const at = end;
        for (const chunk of each) {
          bytes.set(chunk, end);
          end += chunk.length;
        }
        return { at, length: end - at };
      }),
    ),
  );
  return { writes: JSON.stringify(writes), bytes };
}

function settle(batch: readonly Waiting[], answer: Extract<Answer, { kind: 'written' }>): void {
  const troubles = new Map(answer.troubles);
  const results: unknown[] = JSON.parse(answer.results);
  for (const [index, { resolve, reject }] of batch.entries()) {
    const trouble = troubles.get(index);
    if (trouble) reject(new QueueWriteError(fromTrouble(trouble)));
    else resolve(results[index]);
  }
}
