/**
 * Stays with a queue: looks at it again and again, drains what comes, and counts.
 */
import type { Findings } from '../causes/cause.ts';
import type { Outcome } from '../change/plan.ts';

export interface WatchOptions {
  readonly look: () => Promise<Findings>;
  /** Carries out what is proposed; null where nothing is to be done. */
  readonly apply: (findings: Findings) => Promise<Outcome | null>;
  readonly onRound: (round: Round) => void | Promise<void>;
  /** Resolves after so many ms, or at once when the watch is to end. */
  readonly wait: (ms: number) => Promise<void>;
  /** ms since any fixed point. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface Round {
  readonly number: number;
  readonly findings: Findings;
  readonly outcome: Outcome | null;
  /** Entries that were not there in the round before; null in the first. */
  readonly arrived: number | null;
  /** ms since the round before; null in the first. */
  readonly elapsed: number | null;
}

/** ms between two looks, and how many times as long as a look takes: watching is no load of its own. */
const interval = 5000;
const restFactor = 4;

/** Until the signal says so. Rejects as `look` and `apply` do. */
export async function watchQueue(options: WatchOptions): Promise<void> {
  const { look, apply, onRound, wait, now, signal } = options;
  let before: { readonly ids: ReadonlySet<string>; readonly at: number } | null = null;
  for (let number = 1; !signal.aborted; number++) {
    const at = now();
    const findings = await look();
    const ids = new Set(findings.causes.flatMap((cause) => cause.ids));
    const outcome = await apply(findings);
    const arrived = before && countNew(ids, before.ids);
    await onRound({ number, findings, outcome, arrived, elapsed: before && at - before.at });
    before = { ids, at };
    await wait(Math.max(interval, restFactor * (now() - at)));
  }
}

function countNew(ids: ReadonlySet<string>, before: ReadonlySet<string>): number {
  let count = 0;
  for (const id of ids) if (!before.has(id)) count++;
  return count;
}
