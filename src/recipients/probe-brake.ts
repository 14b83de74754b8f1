/**
 * Keeps the questions to one backend from becoming an attack on it.
 *
 * Three limits: so many questions at once, so many a second, and none for a while to a backend that does
 * not answer. And a rule for dictionary attacks, where almost every answer is "unknown": while four of
 * five answers of the last minutes were that, and there were at least thirty, only one question a second
 * is asked about new addresses. Those that were verified before pass all the time; a new one is deferred,
 * and when its sender comes again its question goes by the ordinary limits: servers come again, inventions
 * do not. So a flood of them costs the backend one question a second, however large it is.
 */

export interface ProbeBrake {
  /**
   * Null: a question may be asked now, and `finish` is owed. Otherwise why not, in words.
   * `isAwaited`: the same was turned away before, and its sender has come again.
   */
  start(isAwaited: boolean): string | null;
  /** `other` counts for nothing: also for names that we invented ourselves. */
  finish(outcome: ProbeOutcome): void;
  /** Whether as many are under way as may be. */
  isFull(): boolean;
}

export type ProbeOutcome = 'known' | 'unknown' | 'refused' | 'other' | 'silent';

export interface ProbeLimits {
  readonly inFlight: number;
  readonly perSecond: number;
  /** Questions that may be asked at once after a rest. */
  readonly burst: number;
}

export const defaultProbeLimits: ProbeLimits = { inFlight: 5, perSecond: 20, burst: 100 };

const halfLife = 60_000;
const attackAnswers = 30;
const attackRatio = 0.8;
const silencesInARow = 3;
const silenceRest = 10_000;

/** `now`: ms. */
export function createProbeBrake(limits: ProbeLimits, now: () => number): ProbeBrake {
  let inFlight = 0;
  let tokens = limits.burst;
  /** For new addresses while there is an attack. */
  let spare = 1;
  let filledAt = now();
  /** Answers of the last minutes, older ones counting less. */
  let known = 0;
  let unknown = 0;
  let countedAt = now();
  let silences = 0;
  let restsUntil = 0;

  function decay(): void {
    const time = now();
    const factor = 0.5 ** (Math.max(0, time - countedAt) / halfLife);
    known *= factor;
    unknown *= factor;
    countedAt = time;
  }

  function isAttacked(): boolean {
    decay();
    const all = known + unknown;
    return all >= attackAnswers && unknown >= attackRatio * all;
  }

  function fill(): void {
    const time = now();
    const seconds = Math.max(0, time - filledAt) / 1000;
    tokens = Math.min(limits.burst, tokens + seconds * limits.perSecond);
    spare = Math.min(1, spare + seconds);
    filledAt = time;
  }

  return {
    start(isAwaited) {
      if (now() < restsUntil) return 'the backend did not answer and is left alone for a while';
      fill();
      if (tokens < 1) return 'the backend is asked too much';
      if (!isAwaited && isAttacked()) {
        if (spare < 1)
          return 'most of what the backend is asked about does not exist, so new addresses have to wait';
        spare--;
      }
      tokens--;
      inFlight++;
      return null;
    },
    finish(outcome) {
      inFlight--;
      decay();
      if (outcome === 'unknown') unknown++;
      else if (outcome === 'known') known++;
      silences = outcome === 'silent' ? silences + 1 : 0;
      if (silences >= silencesInARow) restsUntil = now() + silenceRest;
    },
    isFull: () => inFlight >= limits.inFlight,
  };
}
