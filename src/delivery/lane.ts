/**
 * How many transactions one next hop bears at a time, and how long it is left alone when it is down.
 *
 * A lane widens by one after as many successes as it is wide, and halves with each failure. When
 * nothing gets through it closes: for a while that doubles each time, then one message is the probe.
 */
import { backOff, spread } from './retry.ts';

export interface LaneLimits {
  /** Transactions at a time, at first and at most. */
  readonly start: number;
  readonly most: number;
  /** How long a next hop that is down is left alone, ms: at first, and at most. */
  readonly firstBackOff: number;
  readonly longestBackOff: number;
}

export const defaultLaneLimits: LaneLimits = {
  start: 5,
  most: 20,
  firstBackOff: 5_000,
  longestBackOff: 1_800_000,
};

/** What a transaction told about the next hop itself. `untold`: it was not even asked. */
export type HopState = 'up' | 'down' | 'untold';

/** Times in ms since 1970. */
export interface Lane {
  /** Whether one more transaction may start. Fresh mail always finds a place that backlog leaves free. */
  hasSpace(now: number, isFresh: boolean): boolean;
  /** Closed until then; null while it is open or waits for its probe. */
  closedUntil(now: number): number | null;
  /** Closed, or waiting for what becomes of its probe. */
  readonly isDown: boolean;
  /** Something got through within the last ten minutes. */
  isProven(now: number): boolean;
  readonly active: number;
  /** Of its last event, or when it opens again. */
  readonly usedAt: number;
  start(now: number): void;
  end(state: HopState, now: number): void;
}

/** A hop that did well lately may fail so often in a row before it counts as down. */
const patience = 3;
const provenFor = 600_000;
const jitter = 0.2;

/** `random` gives numbers in [0, 1). */
export function createLane(limits: LaneLimits, random: () => number): Lane {
  let active = 0;
  let width = limits.start;
  let usedAt = 0;
  let lastSuccess = Number.NEGATIVE_INFINITY;
  let failuresInRow = 0;
  let closings = 0;
  /** 0 while it is up. */
  let reopensAt = 0;

  function succeed(now: number): void {
    if (reopensAt > 0) width = limits.start;
    else if (active + 1 >= Math.floor(width)) width = Math.min(limits.most, width + 1 / width);
    lastSuccess = now;
    failuresInRow = 0;
    closings = 0;
    reopensAt = 0;
  }

  function fail(now: number): void {
    // What was under way when it closed tells nothing new.
    if (reopensAt > now) return;
    failuresInRow++;
    width = Math.max(1, width / 2);
    const isProbe = reopensAt > 0;
    if (!isProbe && failuresInRow < patience && now - lastSuccess < provenFor) return;
    closings++;
    failuresInRow = 0;
    const pause = backOff(closings, limits.firstBackOff, limits.longestBackOff);
    reopensAt = now + Math.round(spread(pause, jitter, random()));
  }

  return {
    hasSpace(now, isFresh) {
      if (reopensAt > 0) return reopensAt <= now && active === 0;
      const places = Math.floor(width);
      return active < (isFresh ? places : Math.max(1, places - 1));
    },
    closedUntil: (now) => (reopensAt > now ? reopensAt : null),
    get isDown() {
      return reopensAt > 0;
    },
    isProven: (now) => now - lastSuccess < provenFor,
    get active() {
      return active;
    },
    get usedAt() {
      return Math.max(usedAt, reopensAt);
    },
    start(now) {
      active++;
      usedAt = now;
    },
    end(state, now) {
      active--;
      usedAt = now;
      if (state === 'up') succeed(now);
      else if (state === 'down') fail(now);
    },
  };
}
