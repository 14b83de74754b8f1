/**
 * When a recipient is tried again, and when no more.
 *
 * RFC 5321 §4.5.4.1: at least 30 minutes between attempts in the long run, give up after 4 to 5 days.
 * The first attempts come sooner: what defers a stranger once (greylisting) takes the second one.
 */
const minute = 60_000;
const hour = 60 * minute;

export interface RetrySchedule {
  /** ms to wait after the first, the second, ... attempt; the last holds for all further ones. */
  readonly delays: readonly number[];
  /** A delay of 10 min is somewhere between 10 min * (1 - jitter) and 10 min * (1 + jitter). */
  readonly jitter: number;
}

export const defaultRetrySchedule: RetrySchedule = {
  delays: [5 * minute, 10 * minute, 20 * minute, 40 * minute, hour, 2 * hour, 4 * hour],
  jitter: 0.2,
};

/**
 * When to try again, in ms since 1970. `attempts` have been made, at least one; `random` in [0, 1).
 * Never later than `expiresAt`: the last attempt is made at the very end.
 */
export function nextAttemptAt(
  schedule: RetrySchedule,
  attempts: number,
  now: number,
  expiresAt: number,
  random: number,
): number {
  const { delays } = schedule;
  const delay = delays[Math.min(attempts, delays.length) - 1] ?? hour;
  const at = now + Math.round(spread(delay, schedule.jitter, random));
  return now < expiresAt ? Math.min(at, expiresAt) : at;
}

/** `value` up to `jitter` times itself more or less. */
export function spread(value: number, jitter: number, random: number): number {
  return value * (1 + jitter * (2 * random - 1));
}

/** Doubled with each failure: the `failures`-th in a row, from 1. */
export function backOff(failures: number, first: number, longest: number): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 40), longest);
}
