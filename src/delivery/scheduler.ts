/**
 * The delivery: takes fresh messages from memory and due ones from the store, and settles what became
 * of them.
 *
 * Bounded in memory: so many fresh messages and octets, so many messages of the backlog. What finds no
 * place stays in the store, which is never in doubt about anything: a message is settled, or still due.
 */

import type { Clock } from '../mail/clock.ts';
import type { MessageRecord, QueuedMessage, QueueStore } from '../store/queue-store.ts';
import { contentInMemory, contentInStore } from './content.ts';
import type { CutThrough } from './cut-through.ts';
import type { Delivery } from './delivery.ts';
import { type Job, type JobTools, startJob } from './job.ts';
import type { DeliveryLog } from './log.ts';
import type { NoticeBacklog } from './notice-backlog.ts';
import type { Tried } from './outcomes.ts';
import { queuedRecipients } from './queued.ts';
import type { Settler } from './settling.ts';

export interface SchedulerLimits {
  /** Fresh messages in memory, and octets of their content. */
  readonly mostFresh: number;
  readonly mostOctets: number;
  /** Messages of the backlog that are under way; of one domain in one claim. */
  readonly mostBacklog: number;
  readonly perDomain: number;
  /** ms between two looks into the store: another process may have changed something. */
  readonly interval: number;
  /** How long messages that are under way may take when we stop, ms. */
  readonly grace: number;
}

export const defaultSchedulerLimits: SchedulerLimits = {
  mostFresh: 4000,
  mostOctets: 64 * 1024 * 1024,
  mostBacklog: 200,
  perDomain: 20,
  interval: 1000,
  grace: 10_000,
};

export interface SchedulerOptions {
  readonly store: QueueStore;
  readonly tools: Omit<JobTools, 'signal'>;
  readonly settler: Settler;
  readonly backlog: Pick<NoticeBacklog, 'look'>;
  readonly cutThrough: CutThrough;
  readonly stopping: AbortController;
  readonly limits: SchedulerLimits;
  readonly clock: Clock;
  readonly log: DeliveryLog;
}

export interface Scheduler extends Delivery {
  /** The lanes have place again. */
  look(): void;
}

/** Messages that are claimed at once. */
const batch = 50;
/** After the grace, for what is broken off to be settled; ms. */
const lastGrace = 2000;
const countEvery = 5_000;
const tidyEvery = 60_000;
const expireEvery = 600_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { store, settler, cutThrough, stopping, limits, clock, log } = options;
  const tools: JobTools = { ...options.tools, signal: stopping.signal };
  const { lanes } = tools;
  const jobs = new Set<Job>();
  let fresh = 0;
  let octets = 0;
  let backlog = 0;
  let isClosed = false;
  let looking: Promise<void> | null = null;
  let looksAgain = false;
  /** The last claim found something, so there may be more. */
  let mayHaveMore = false;
  let closing: Promise<void> | null = null;
  let onEmpty = () => {};

  /** Whether any of it is under way now. */
  function start(job: Job): boolean {
    jobs.add(job);
    let isOver = false;
    if (job.isFresh) {
      fresh++;
      octets += job.octets;
    } else backlog++;
    startJob(job, tools, () => {
      isOver = true;
      void end(job);
    });
    return !isOver;
  }

  async function end(job: Job): Promise<void> {
    const settled = jobs.has(job) ? await settler.settle(job) : 'lost';
    leave(job);
    if (isClosed) return;
    if (settled === 'written with notice') look();
    else if (settled !== 'given back' && mayHaveMore && backlog <= limits.mostBacklog / 2) look();
  }

  function leave(job: Job): void {
    if (!jobs.delete(job)) return;
    if (job.isFresh) {
      fresh--;
      octets -= job.octets;
    } else backlog--;
    if (jobs.size === 0) onEmpty();
  }

  function take(
    message: MessageRecord,
    recipients: Parameters<Delivery['take']>[1],
    content: Uint8Array | null,
  ): void {
    const queued = queuedRecipients(recipients, message.receivedAt);
    const tried = cutThrough.takeTried(message.id, queued);
    start({
      message,
      recipients: untried(queued, tried),
      earlier: [],
      content: content ? contentInMemory(content) : contentInStore(store, message.id),
      isFresh: true,
      octets: content?.length ?? 0,
      logged: tried.length,
      tried,
      postponed: [],
    });
  }

  function takeDue(message: QueuedMessage, now: number): boolean {
    const due = message.recipients.filter(
      ({ state, dueAt }) => state === 'waiting' && dueAt <= now,
    );
    const tried = cutThrough.takeTried(message.id, due);
    return start({
      message,
      recipients: untried(due, tried),
      earlier: message.recipients.filter(({ state }) => state === 'failed'),
      content: contentInStore(store, message.id),
      isFresh: false,
      octets: 0,
      logged: tried.length,
      tried,
      postponed: [],
    });
  }

  /** Claims what is due, as far as there is room. However many ask, one look at a time. */
  function look(): void {
    if (looking || isClosed) looksAgain = true;
    else looking = lookAll();
  }

  async function lookAll(): Promise<void> {
    try {
      do {
        looksAgain = false;
        await claimDue();
      } while (looksAgain && !isClosed);
    } catch (error) {
      log.error({ err: error }, 'cannot look into the queue');
    } finally {
      looking = null;
    }
  }

  async function claimDue(): Promise<void> {
    for (;;) {
      const room = Math.min(batch, limits.mostBacklog - backlog);
      if (room <= 0 || isClosed) return;
      const now = clock.now();
      const found = await store.claim(now, room, limits.perDomain, lanes.full());
      mayHaveMore = found.length > 0;
      const started = found.filter((message) => takeDue(message, now));
      // Nothing to claim, or all of it was turned away: the next look is that of the timer.
      if (started.length === 0) return;
    }
  }

  async function tick(): Promise<void> {
    if (looking || backlog >= limits.mostBacklog) return;
    const due = await store.nextDue(lanes.full());
    if (due !== null && due <= clock.now()) look();
  }

  function every(ms: number, run: () => Promise<unknown>): () => void {
    let cancel = clock.after(ms, again);
    function again(): void {
      run()
        .catch((error: unknown) => log.error({ err: error }, 'cannot look into the queue'))
        .finally(() => {
          if (!isClosed) cancel = clock.after(ms, again);
        });
    }
    return () => cancel();
  }

  const timers = [
    every(limits.interval, tick),
    every(Math.max(countEvery, limits.interval), () => options.backlog.look()),
    every(tidyEvery, async () => lanes.tidy()),
    every(expireEvery, async () => {
      const expired = await store.expire(clock.now());
      if (expired > 0) log.info({ expired }, 'removed messages that had been kept long enough');
    }),
  ];

  /** Gives what is under way some time, breaks off the rest, and gives back what was not tried. */
  async function close(): Promise<void> {
    isClosed = true;
    for (const cancel of timers) cancel();
    const empty = new Promise<void>((resolve) => {
      onEmpty = resolve;
    });
    const grace = pause(limits.grace);
    lanes.close();
    // What is claimed at this very moment is given back at once.
    await looking;
    if (jobs.size > 0) await Promise.race([empty, grace]);
    stopping.abort();
    if (jobs.size > 0) await Promise.race([empty, pause(lastGrace)]);
    settler.stop();
    const left = [...jobs];
    for (const job of left) leave(job);
    await Promise.allSettled(left.map(({ message }) => store.unclaim(message.id)));
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => void clock.after(ms, resolve));
  }

  const closeOnce = () => {
    closing ??= close();
    return closing;
  };

  options.backlog.look().catch((error: unknown) => {
    log.error({ err: error }, 'cannot look into the queue');
  });
  look();
  return {
    hasRoom: () => !isClosed && fresh < limits.mostFresh && octets < limits.mostOctets,
    take,
    wake: look,
    look,
    canCutThrough: (recipients) => !isClosed && cutThrough.canCutThrough(recipients),
    cutThrough: cutThrough.cutThrough,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function untried(recipients: Job['recipients'], tried: readonly Tried[]): Job['recipients'] {
  if (tried.length === 0) return recipients;
  const done = new Set(tried.map(({ recipient }) => recipient));
  return recipients.filter((recipient) => !done.has(recipient));
}
