/**
 * Many rounds in one line: medians, and how far the rounds lay apart.
 */
import type { Figures } from './measure.ts';

/** Median, smallest and largest. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Summary {
  readonly perSecond: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly server: Spread | null;
  readonly companion: Spread | null;
  /** Messages per second, with to without, both of the same round. */
  readonly throughput: Spread;
  /** ms of CPU for each message, of server and companion together, above the server alone. */
  readonly added: Spread | null;
}

/** `rounds` and those of the server `alone`, in the same order. */
export function summarize(rounds: readonly Figures[], alone: readonly Figures[]): Summary {
  const of = (pick: (one: Figures) => number) => spread(rounds.map(pick));
  const known = (pick: (one: Figures) => number | null) => spreadOfKnown(rounds.map(pick));
  const pairs = rounds.flatMap((one, i) => {
    const other = alone[i];
    return other ? [{ one, other }] : [];
  });
  return {
    perSecond: of((one) => one.perSecond),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
    server: known((one) => one.server),
    companion: known((one) => one.companion),
    throughput: spread(pairs.map(({ one, other }) => one.perSecond / other.perSecond)),
    added: spreadOfKnown(
      pairs.map(({ one, other }) =>
        one.server === null || other.server === null
          ? null
          : one.server + (one.companion ?? 0) - other.server,
      ),
    ),
  };
}

function spreadOfKnown(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spread(known);
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}
