/**
 * Many messages over a few connections at a chosen speed, as a spammer or a busy relay sends them.
 *
 * A connection that cannot be made, breaks before the content or says 421 is made anew, a few times.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  noReplies,
  type Opened,
  type Outgoing,
  openSmtpConnection,
  type SmtpConnection,
  type Transaction,
} from './smtp-connection.ts';

export interface SenderOptions extends ConnectionOptions {
  /** At most this many at once. */
  readonly connections: number;
  /** Then QUIT and a new one; default 100. */
  readonly messagesPerConnection?: number;
  /** Messages per second over all connections; default 0, no limit. */
  readonly rate?: number;
  /** Tries for one message when connections fail; default 4. */
  readonly attempts?: number;
}

/** Times are ms on the clock of performance.now(). */
export interface Sent {
  readonly transaction: Transaction;
  /** When it was its turn, before any connection was made for it. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attempts: number;
}

export interface SmtpSender extends AsyncDisposable {
  /** Never rejects. The caller limits how many wait. */
  send(message: Outgoing): Promise<Sent>;
  /** Connections made, and attempts to make one that failed. */
  readonly connected: number;
  readonly failed: number;
  /** Says QUIT now rather than after a while; only where nothing waits. */
  end(): Promise<void>;
  /** Cuts all connections; what still waits ends as broken. */
  close(): Promise<void>;
}

interface Job {
  readonly message: Outgoing;
  readonly done: (sent: Sent) => void;
}

/** An unused connection says QUIT after so many ms. */
const longestIdle = 500;
/** Between two tries of one message, times the number of tries so far. */
const retryDelay = 100;

export function createSmtpSender(options: SenderOptions): SmtpSender {
  const { messagesPerConnection = 100, rate = 0, attempts: mostAttempts = 4 } = options;
  const waiting: Job[] = [];
  const idle: (() => void)[] = [];
  const workers = new Set<Promise<void>>();
  const stop = new AbortController();
  let connected = 0;
  let failed = 0;
  let nextTurn = 0;
  let isEnding = false;

  const takeTurn = async () => {
    if (rate <= 0) return;
    const now = performance.now();
    nextTurn = Math.max(now, nextTurn + 1000 / rate);
    if (nextTurn > now) await pause(nextTurn - now);
  };
  /** Ends early, without complaint, when the sender is closed. */
  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);

  const openConnection = async (): Promise<Opened> => {
    const opened = await openSmtpConnection({ ...options, signal: stop.signal });
    if (opened.kind !== 'open') {
      failed++;
      return opened;
    }
    connected++;
    return opened;
  };

  const work = async () => {
    let connection: SmtpConnection | null = null;
    let used = 0;
    const drop = async (politely: boolean) => {
      if (!connection) return;
      if (politely) await connection.quit();
      else connection.destroy();
      connection = null;
    };
    const attempt = async (message: Outgoing): Promise<Transaction> => {
      if (stop.signal.aborted) return broken('stopped');
      if (connection && (!connection.isOpen || used >= messagesPerConnection))
        await drop(connection.isOpen);
      if (!connection) {
        const opened = await openConnection();
        if (opened.kind !== 'open') return { ...opened, replies: noReplies };
        connection = opened.connection;
        used = 0;
      }
      used++;
      return await connection.send(message);
    };
    for (;;) {
      const job = waiting.shift();
      if (!job) {
        if (stop.signal.aborted || isEnding || !(await wakened(idle, longestIdle))) break;
        continue;
      }
      await takeTurn();
      const startedAt = performance.now();
      for (let attempts = 1; ; attempts++) {
        const transaction = await attempt(job.message);
        if (attempts >= mostAttempts || stop.signal.aborted || !isWorthRetrying(transaction)) {
          job.done({ transaction, startedAt, endedAt: performance.now(), attempts });
          break;
        }
        await pause(retryDelay * attempts);
      }
    }
    await drop(!stop.signal.aborted);
  };

  const addWorker = () => {
    if (workers.size >= options.connections) return;
    const worker: Promise<void> = work().finally(() => {
      workers.delete(worker);
      // A message may have come in while it said QUIT.
      if (waiting.length > 0) addWorker();
    });
    workers.add(worker);
  };

  const end = async () => {
    isEnding = true;
    for (const wake of idle.splice(0)) wake();
    await Promise.all(workers);
  };
  const close = async () => {
    stop.abort();
    for (const wake of idle.splice(0)) wake();
    await Promise.all(workers);
  };
  return {
    send(message) {
      return new Promise((resolve) => {
        const now = performance.now();
        if (stop.signal.aborted)
          return resolve({
            transaction: broken('stopped'),
            startedAt: now,
            endedAt: now,
            attempts: 0,
          });
        waiting.push({ message, done: resolve });
        const wake = idle.shift();
        if (wake) wake();
        else addWorker();
      });
    },
    get connected() {
      return connected;
    },
    get failed() {
      return failed;
    },
    end,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Whether the connection was at fault and the server cannot have taken the message. */
function isWorthRetrying(transaction: Transaction): boolean {
  switch (transaction.kind) {
    case 'accepted':
      return false;
    case 'refused':
      return transaction.reply.code === 421 && transaction.stage !== 'content';
    case 'broken':
      return transaction.stage !== 'content';
  }
}

function broken(problem: string): Transaction {
  return { kind: 'broken', stage: 'connect', replies: noReplies, problem };
}

/** Waits to be called through the list; false where nobody did within the time. */
function wakened(list: (() => void)[], milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      list.splice(list.indexOf(wake), 1);
      resolve(false);
    }, milliseconds);
    list.push(wake);
  });
}
