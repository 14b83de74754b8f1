/**
 * What a server keeps from one start to the next: one that takes mail the queue, the names it gave and
 * the secret of its marks, and every one what servers behind said about mailboxes.
 */
import { join } from 'node:path';
import { createNoticeCounts, type NoticeCounts } from '../delivery/notice-counts.ts';
import { nextQueueId, type QueueId } from '../mail/queue-id.ts';
import { openVerifyFile, type VerifyFile } from '../recipients/verify-file.ts';
import type { Log } from '../server/log.ts';
import { createHopStamps, type HopStamps } from '../server/smtp/hop-stamp.ts';
import { openQueueStore } from '../store/open-queue.ts';
import type { QueueStore } from '../store/queue-store.ts';
import { readHopSecret } from './hop-secret.ts';

export interface Keeping extends AsyncDisposable {
  readonly queue: QueueStore;
  readonly nextId: () => QueueId;
  readonly stamps: HopStamps;
  /** What the caps of notices rest on. */
  readonly noticeCounts: NoticeCounts;
}

/** `folder`: of the store at `url`. Rejects with QueueOpenError, QueueInUseError or CommandError. */
export async function openKeeping(url: string, folder: string): Promise<Keeping> {
  await using opened = new AsyncDisposableStack();
  const queue = opened.use(await openQueueStore(url, { serve: true }));
  await queue.recover();
  let last = await queue.lastId();
  const stamps = createHopStamps(readHopSecret(folder));
  const stack = opened.move();
  return {
    queue,
    stamps,
    noticeCounts: createNoticeCounts(Date.now),
    nextId() {
      last = nextQueueId(last, Date.now());
      return last;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** `folder`: of the store; exists. */
export function openVerified(folder: string, log: Log): Promise<VerifyFile> {
  const path = join(folder, 'verified.jsonl');
  return openVerifyFile({ path, warn: (message) => log.warn({}, message) });
}
