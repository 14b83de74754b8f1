/**
 * The end of an attempt: what became of each recipient is written down, together with the report to
 * the sender where there is one.
 */

import type { Clock } from '../mail/clock.ts';
import { errorCode } from '../mail/error-code.ts';
import { printable } from '../mail/printable.ts';
import { formatQueueId } from '../mail/queue-id.ts';
import type { QueueStore, Settlement } from '../store/queue-store.ts';
import type { Job } from './job.ts';
import { type DeliveryLog, logExpired, logTried } from './log.ts';
import type { Decision, Notices } from './notices.ts';
import {
  type Outcome,
  type OutcomeRules,
  outcomeOfPostponed,
  outcomeOfTried,
  outcomeOfUndecided,
} from './outcomes.ts';
import { type Observe, tellFates } from './tell-fates.ts';

export interface SettlerOptions {
  readonly store: Pick<QueueStore, 'settle' | 'unclaim'>;
  readonly notices: Notices;
  readonly rules: OutcomeRules;
  /** How long a message is kept whose failure nobody is told of, ms. */
  readonly keep: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: DeliveryLog;
  /** Is told what became of each recipient that was tried. */
  readonly observe?: Observe;
}

/** `given back`: nothing was tried. `lost`: it could not be written until the end. */
export type Settled = 'written' | 'written with notice' | 'given back' | 'lost';

export interface Settler {
  /**
   * Resolves once it is on disk; never rejects. While the store cannot be written it is tried again:
   * a message that was delivered and not settled would be delivered twice.
   */
  settle(job: Job): Promise<Settled>;
  /** What could not be written by now is lost: it is delivered again after the next start. */
  stop(): void;
}

interface Found {
  readonly settlement: Settlement;
  readonly outcomes: readonly Outcome[];
}

const firstWait = 500;
const longestWait = 30_000;

export function createSettler(options: SettlerOptions): Settler {
  const { store, notices, rules, clock, random, log, observe } = options;
  const waiting = new Set<() => void>();
  let isStopped = false;

  async function settlementOf(job: Job): Promise<Found | null> {
    const { message, tried, postponed, content } = job;
    if (tried.length === 0 && postponed.length === 0) return null;
    const now = clock.now();
    const moment = { now, random: random() };
    const outcomes = [
      ...tried.map((one) => outcomeOfTried(one, message, rules, moment)),
      ...postponed.map((one) => outcomeOfPostponed(one, message, rules, now)),
    ];
    const events = outcomes.flatMap(({ event }) => event ?? []);
    const decision =
      events.length === 0 ? silent : await notices.decide(message, events, content, now);
    const isTold = decision.notice !== null;
    const settled = outcomes.map((one) =>
      decision.undecided ? outcomeOfUndecided(one, message, rules, moment) : told(one, isTold),
    );
    // A later attempt must not remove what is kept for the sake of an earlier one.
    const isKept = decision.unreported || job.earlier.some(({ failureTold }) => !failureTold);
    const settlement = {
      id: message.id,
      outcomes: settled.map(withoutEvent),
      notice: decision.notice,
      keepUntil: isKept ? now + options.keep : null,
    };
    return { settlement, outcomes: settled };
  }

  /** Until it succeeds, unless it is a bug that makes it fail. */
  async function persist<T>(job: Job, write: () => Promise<T>): Promise<T | null> {
    for (let wait = firstWait; !isStopped; wait = Math.min(wait * 2, longestWait)) {
      try {
        return await write();
      } catch (error) {
        log.error(
          { err: error, id: formatQueueId(job.message.id) },
          'cannot write what became of a message',
        );
        if (!isStoreTrouble(error)) return null;
        await pause(wait);
      }
    }
    return null;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        waiting.delete(end);
        cancel();
        resolve();
      };
      const cancel = clock.after(ms, end);
      waiting.add(end);
    });
  }

  return {
    async settle(job) {
      const { id, receivedAt } = job.message;
      const made = await persist(job, async () => ({ found: await settlementOf(job) }));
      if (!made) return 'lost';
      const { found } = made;
      const written = await persist(job, async () => {
        await (found ? store.settle(found.settlement) : store.unclaim(id));
        return true;
      });
      if (!written) return 'lost';
      if (!found) return 'given back';
      const delay = clock.now() - receivedAt;
      if (observe) tellFates(observe, job.message, job.tried, clock.now());
      for (const one of job.tried.slice(job.logged)) logTried(log, id, delay, one);
      for (const one of found.outcomes) logExpired(log, id, delay, one);
      if (!found.settlement.notice) return 'written';
      const { message, recipients } = found.settlement.notice;
      const to = recipients.map(({ forwardPath }) => printable(forwardPath));
      log.info({ id: formatQueueId(message.id), about: formatQueueId(id), to }, 'notice');
      return 'written with notice';
    },
    stop() {
      isStopped = true;
      for (const end of waiting) end();
    },
  };
}

const silent: Decision = { notice: null, unreported: false, undecided: false };

function told(outcome: Outcome, isTold: boolean): Outcome {
  const { event } = outcome;
  return { ...outcome, failureTold: isTold && event?.action === 'failed' && event.isWanted };
}

function isStoreTrouble(error: unknown): boolean {
  return errorCode(error)?.startsWith('QUEUE_') ?? false;
}

function withoutEvent({ event: _, ...outcome }: Outcome) {
  return outcome;
}
