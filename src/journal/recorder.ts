/**
 * Takes the receipts of the verdicts and writes them to the journal, so that a flood costs sums.
 *
 * Refusals and deferrals are summed in memory (tally.ts); mail that was dropped keeps a receipt for
 * each. Once a second the receipts are written. Sums wait longer the more kinds of them there are,
 * a minute at most: a flood from ten thousand senders costs ten thousand rows a minute, not a second.
 *
 * A journal that cannot be written stops no mail. That is said once, as is its recovery; receipts
 * wait in memory meanwhile, joined more and more if it lasts, their counts always right.
 */
import type { RecordVerdict } from '../judge/judge.ts';
import type { Clock } from '../mail/clock.ts';
import { capNullable, capReceipt, capSteps } from '../store/caps.ts';
import type { JournalStore } from '../store/journal-store.ts';
import type { Receipt } from '../verdict/verdict.ts';
import { systemClock } from './system-clock.ts';
import { createTally, type TallyLimits } from './tally.ts';

export interface RecorderLimits extends TallyLimits {
  /** ms between two writes. */
  readonly interval: number;
  /** Each sum makes the sums wait so many ms longer... */
  readonly msPerSum: number;
  /** ...up to this, in ms. */
  readonly longestWait: number;
  /** Receipts in one append: small, so that preparing it never holds up a socket. */
  readonly batch: number;
  /** How long receipts are kept, in ms. */
  readonly retention: number;
}

export const defaultRecorderLimits: RecorderLimits = {
  sums: 10_000,
  singles: 100_000,
  characters: 32_000_000,
  interval: 1000,
  msPerSum: 10,
  longestWait: 60_000,
  batch: 500,
  retention: 90 * 24 * 3_600_000,
};

/** pino's shape, so that pino is handed in as it is. */
export interface RecorderLog {
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RecorderOptions {
  readonly store: Pick<JournalStore, 'append' | 'prune'>;
  readonly log: RecorderLog;
  readonly clock?: Clock;
  readonly limits?: Partial<RecorderLimits>;
}

export interface Recorder extends AsyncDisposable {
  /**
   * For the judge: under a microsecond, never waits, never throws. A plain accept leaves no receipt.
   * The verdict's steps are kept by reference, so a verdict that is remembered costs them once.
   */
  readonly record: RecordVerdict;
  /** A receipt that is ready: of a purge, of a delivery. */
  add(receipt: Receipt): void;
  /**
   * Resolves once the receipts of mail dropped so far are on disk: to be awaited before the mail
   * server is told to drop it, so that not even kill -9 leaves a drop without a receipt. All who wait
   * at the same time share a write. False where the journal cannot be written, which stops no mail.
   */
  kept(): Promise<boolean>;
  /** Writes what was recorded so far; false where it could not be written. */
  flush(): Promise<boolean>;
  /** Flushes for the last time; what is recorded afterwards is not kept. The store stays open. */
  close(): Promise<void>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { store, log, clock = systemClock } = options;
  const limits: RecorderLimits = { ...defaultRecorderLimits, ...options.limits };
  const tally = createTally(limits);
  /** Taken out of the tally and not yet on disk. */
  let unwritten: Receipt[] = [];
  let sumsSince = 0;
  let hasTrouble = false;
  let isClosed = false;
  let cancelTick: (() => void) | null = null;
  let cancelPrune = () => {};
  let writing = Promise.resolve(true);
  /** A write that was asked for and has not begun. */
  let upcoming: Promise<boolean> | null = null;

  function keep(receipt: Receipt): void {
    if (isClosed) return;
    if (tally.sums === 0) sumsSince = clock.now();
    tally.add(receipt);
    cancelTick ??= clock.after(limits.interval, tick);
  }

  async function tick(): Promise<void> {
    await write(false);
    const hasMore = tally.size > 0 || unwritten.length > 0;
    cancelTick = hasMore && !isClosed ? clock.after(limits.interval, tick) : null;
  }

  /** One after the other, however many ask. */
  function write(everything: boolean): Promise<boolean> {
    writing = writing.then(async () => {
      upcoming = null;
      // What could not be written before comes first.
      if (!(await writeOut())) return false;
      unwritten = everything || sumsAreRipe() ? tally.takeAll() : tally.takeSingles();
      return writeOut();
    });
    return writing;
  }

  function sumsAreRipe(): boolean {
    const wait = Math.min(tally.sums * limits.msPerSum, limits.longestWait);
    const waited = clock.now() - sumsSince;
    // Somebody may set the clock back.
    return waited >= wait || waited < 0;
  }

  async function writeOut(): Promise<boolean> {
    let written = 0;
    try {
      while (written < unwritten.length) {
        const batch = unwritten.slice(written, written + limits.batch);
        await store.append(batch);
        written += batch.length;
      }
      // Not after the first batch: a disk with a little room left would be told of again and again.
      if (written > 0) recovered();
      return true;
    } catch (error) {
      failed(error);
      return false;
    } finally {
      if (written > 0) unwritten = unwritten.slice(written);
    }
  }

  function failed(error: unknown): void {
    if (hasTrouble) return;
    hasTrouble = true;
    log.error(
      { err: error },
      'the journal cannot be written; mail goes on, receipts wait in memory until it can',
    );
  }

  function recovered(): void {
    if (!hasTrouble) return;
    hasTrouble = false;
    log.info({}, 'the journal can be written again');
  }

  function prune(): void {
    cancelPrune = clock.after(3_600_000, prune);
    store.prune(clock.now() - limits.retention).catch((error) => {
      if (!isClosed) failed(error);
    });
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    cancelTick?.();
    cancelPrune();
    if (await write(true)) return;
    const lost = [...unwritten, ...tally.takeAll()];
    const verdicts = lost.reduce((sum, { count }) => sum + count, 0);
    log.error(
      { receipts: lost.length, verdicts },
      'the journal could not be written to the end; its last receipts are lost',
    );
  }

  prune();
  return {
    record(question, verdict, enforced) {
      const { action } = verdict;
      if (action === 'accept') return;
      const at = clock.now();
      const { client } = question;
      keep({
        from: at,
        until: at,
        count: 1,
        adapter: question.adapter,
        check: question.check,
        action,
        enforced,
        reason: verdict.reason,
        reply: verdict.reply,
        domain: capNullable(verdict.domain ?? null),
        client: client && {
          address: capNullable(client.address),
          name: capNullable(client.name),
          helo: capNullable(client.helo),
        },
        reversePath: capNullable(question.reversePath),
        forwardPath: capNullable(question.forwardPath),
        queueId: capNullable(question.queueId),
        steps: capSteps(verdict.steps),
      });
    },
    add: (receipt) => keep(capReceipt(receipt)),
    kept() {
      // The write of every second tells when the trouble is over.
      if (hasTrouble) return Promise.resolve(false);
      upcoming ??= write(false);
      return upcoming;
    },
    flush: () => write(true),
    close,
    [Symbol.asyncDispose]: close,
  };
}
