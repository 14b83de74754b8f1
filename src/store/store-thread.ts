/**
 * A thread that owns a store's file: asked by messages, answers in the order of the questions.
 *
 * It keeps the process alive only while it owes an answer.
 */
import type { Transferable, Worker } from 'node:worker_threads';
import { errorCode } from '../mail/error-code.ts';

/** An error loses its code on the way between threads. */
export interface Trouble {
  readonly message: string;
  /** The system's (`EACCES`) or Node's (`ERR_SQLITE_ERROR`). */
  readonly code: string | null;
  /** SQLite's extended result code. */
  readonly errcode: number | null;
}

export interface Failure {
  readonly kind: 'failed';
  readonly trouble: Trouble;
}

export interface StoreThread<Request, Answer> {
  /** Rejects with the thread's own trouble. */
  ask(request: Request, transfer?: readonly Transferable[]): Promise<Answer>;
  close(): Promise<void>;
}

export function toTrouble(error: unknown): Trouble {
  if (!(error instanceof Error)) return { message: String(error), code: null, errcode: null };
  const code = errorCode(error);
  const errcode = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null;
  return { message: error.message, code, errcode };
}

export function fromTrouble({ message, code, errcode }: Trouble): Error {
  return Object.assign(new Error(message), code && { code }, errcode && { errcode });
}

interface Pending<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Started when first asked, and anew when it broke down. `what`: whose thread it is, for messages. */
export function connectThread<
  Request extends { readonly kind: string },
  Answer extends { readonly kind: string },
>(
  what: string,
  startThread: () => Worker,
  closing: Request,
): StoreThread<Request, Exclude<Answer, Failure>> {
  type Good = Exclude<Answer, Failure>;
  let worker: Worker | null = null;
  let pending: Pending<Good>[] = [];

  function start(): Worker {
    const started = startThread();
    let cause: Error | undefined;
    started.on('message', (answer: Good | Failure) => {
      const asked = pending.shift();
      if (pending.length === 0) started.unref();
      if (isFailure(answer)) asked?.reject(fromTrouble(answer.trouble));
      else asked?.resolve(answer);
    });
    started.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    started.on('exit', () => {
      const left = pending;
      pending = [];
      if (worker === started) worker = null;
      for (const { reject } of left)
        reject(new Error(`the thread of the ${what} ended`, { cause }));
    });
    return started;
  }

  function ask(request: Request, transfer: readonly Transferable[] = []): Promise<Good> {
    worker ??= start();
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<Good>();
    pending.push({ resolve, reject });
    worker.postMessage(request, transfer);
    return promise;
  }

  return {
    ask,
    async close() {
      if (!worker) return;
      await ask(closing).catch(() => {});
      await worker?.terminate();
    },
  };
}

function isFailure(answer: { readonly kind: string }): answer is Failure {
  return answer.kind === 'failed';
}
