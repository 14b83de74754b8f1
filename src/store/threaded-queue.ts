/**
 * A QueueStore whose work is done by the queue's thread.
 */
import type { QueueId } from '../mail/queue-id.ts';
import { QueueReadError, QueueWriteError } from './errors.ts';
import { type Chunks, type GroupWriter, groupWriter } from './group-writer.ts';
import { pieceSize } from './queue-content.ts';
import { openDraft } from './queue-draft.ts';
import type { NewMessage, QueuedMessage, QueueStore } from './queue-store.ts';
import {
  type Answer,
  type NewContent,
  type Request,
  type Span,
  startQueueThread,
  type ThreadData,
  type Write,
} from './queue-thread.ts';
import { connectThread } from './store-thread.ts';

/** How much of a long work is done in one transaction, so that a commit waits a few ms for it. */
const step = 200;
const recoverStep = 20;

export interface ThreadedQueueOptions extends ThreadData {
  /** Bytes in memory that are not on disk yet, beyond which no new message is begun. */
  readonly maxWaitingBytes: number;
}

export interface ThreadedQueue extends QueueStore {
  /** Opens the file now rather than at the first use. Throws what the system or SQLite says. */
  open(): Promise<void>;
}

export function threadedQueue({ maxWaitingBytes, ...data }: ThreadedQueueOptions): ThreadedQueue {
  const thread = connectThread<Request, Answer>('queue', () => startQueueThread(data), {
    kind: 'close',
  });
  const writer = closable(groupWriter(thread), () => closed);
  let closed = false;
  let heldBytes = 0;
  let drafts = 0;

  async function look<Kind extends Answer['kind']>(
    request: Request,
    kind: Kind,
  ): Promise<Extract<Answer, { kind: Kind }>> {
    if (closed) throw new QueueReadError('it is closed');
    const answer: Answer = await thread.ask(request).catch((error: unknown) => {
      throw new QueueReadError(error);
    });
    if (!isKind(answer, kind)) throw new QueueReadError('the thread answered something else');
    return answer;
  }

  /** A write without bytes. */
  const ask = (write: Write): Promise<unknown> => writer.write([], () => write);

  return {
    async open() {
      await thread.ask({ kind: 'open' });
    },
    async recover() {
      if (!data.serve) return;
      while (Number(await ask({ kind: 'recover', limit: recoverStep })) > 0);
    },
    async lastId() {
      return (await look({ kind: 'lastId' }, 'number')).number ?? 0;
    },
    begin() {
      if (closed || heldBytes >= maxWaitingBytes) return null;
      const hold = (bytes: number): void => {
        heldBytes += bytes;
      };
      return openDraft({ draft: ++drafts, writer, hold, isClosed: () => closed });
    },
    async claim(now, limit, perDomain, except) {
      return (await ask({ kind: 'claim', now, limit, perDomain, except })) as QueuedMessage[];
    },
    async nextDue(except = []) {
      return (await look({ kind: 'nextDue', except }, 'number')).number;
    },
    async *read(id) {
      const first = await look({ kind: 'read', id, piece: 0 }, 'bytes');
      yield* cut(first.bytes);
      for (let piece = 1; piece <= first.pieces; piece++)
        yield (await look({ kind: 'read', id, piece }, 'bytes')).bytes;
    },
    async settle({ id, outcomes, notice, keepUntil }) {
      const chunks: Chunks[] = notice ? [[notice.content]] : [];
      await writer.write(chunks, ([span]) => ({
        kind: 'settle',
        id,
        outcomes,
        notice: notice && span ? contentOf(notice, span) : null,
        keepUntil,
      }));
    },
    async unclaim(id) {
      await ask({ kind: 'unclaim', id });
    },
    async *list(filter) {
      for (let after: QueueId | null = 0; after !== null; ) {
        const page: Extract<Answer, { kind: 'page' }> = await look(
          { kind: 'page', filter, after },
          'page',
        );
        yield* JSON.parse(page.messages) as QueuedMessage[];
        after = page.next;
      }
    },
    async counts() {
      return (await look({ kind: 'counts' }, 'counts')).counts;
    },
    async noticesQueued(most) {
      return (await look({ kind: 'noticesQueued', most }, 'number')).number ?? 0;
    },
    async change(change, ids, now, until) {
      const changed: QueueId[] = [];
      for (let at = 0; at < ids.length; at += step) {
        const some = ids.slice(at, at + step);
        const write: Write = { kind: 'change', change, ids: some, now, until };
        changed.push(...((await ask(write)) as QueueId[]));
      }
      return changed;
    },
    async expire(now) {
      let total = 0;
      for (;;) {
        const count = Number(await ask({ kind: 'expire', now, limit: step }));
        total += count;
        if (count < step) return total;
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await writer.drained();
      await thread.close();
    },
  };
}

/** The writer, until the store is closed. */
function closable(writer: GroupWriter, isClosed: () => boolean): GroupWriter {
  return {
    ...writer,
    write: (chunks, build) =>
      isClosed()
        ? Promise.reject(new QueueWriteError('it is closed'))
        : writer.write(chunks, build),
  };
}

function contentOf({ message, recipients }: NewMessage, content: Span): NewContent {
  return { message, recipients, content };
}

function* cut(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

function isKind<Kind extends Answer['kind']>(
  answer: Answer,
  kind: Kind,
): answer is Extract<Answer, { kind: Kind }> {
  return answer.kind === kind;
}
