/**
 * What happened over time, in slices that grow with the time that is told: memory does not.
 */
import type { Observation } from '../../verdict/flood/observation.ts';

export const seriesNames = ['received', 'refused', 'notices', 'returns', 'deliveries'] as const;
export type SeriesName = (typeof seriesNames)[number];

export interface Series {
  /** ms since 1970 of the first slice. */
  readonly from: number;
  /** ms of each slice. */
  readonly step: number;
  /** Counts by slice; all of the same length. */
  readonly counts: Readonly<Record<SeriesName, readonly number[]>>;
}

const most = 4096;

export class SeriesRecorder {
  private step = 1000;
  /** Number of the first slice, since 1970. */
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  private slices = new Map<number, Float64Array>();

  add(observation: Observation): void {
    const name = seriesOf(observation);
    const slice = this.sliceAt(observation.at);
    if (name !== null) slice[name] = (slice[name] ?? 0) + 1;
    // What comes back was sent as well.
    if (name === 3) slice[4] = (slice[4] ?? 0) + 1;
  }

  series(): Series {
    const empty = this.slices.size === 0;
    const length = empty ? 0 : this.last - this.first + 1;
    const list = (place: number) =>
      Array.from({ length }, (_, at) => this.slices.get(this.first + at)?.[place] ?? 0);
    return {
      from: empty ? 0 : this.first * this.step,
      step: this.step,
      counts: {
        received: list(0),
        refused: list(1),
        notices: list(2),
        returns: list(3),
        deliveries: list(4),
      },
    };
  }

  private sliceAt(at: number): Float64Array {
    let number = Math.floor(at / this.step);
    if (number < this.first || number > this.last) {
      this.first = Math.min(this.first, number);
      this.last = Math.max(this.last, number);
      while (this.last - this.first >= most) this.double();
      number = Math.floor(at / this.step);
    }
    let slice = this.slices.get(number);
    if (!slice) {
      slice = new Float64Array(seriesNames.length);
      this.slices.set(number, slice);
    }
    return slice;
  }

  private double(): void {
    this.step *= 2;
    this.first = Math.floor(this.first / 2);
    this.last = Math.floor(this.last / 2);
    const slices = new Map<number, Float64Array>();
    for (const [number, counts] of this.slices) {
      const into = slices.get(Math.floor(number / 2));
      if (into) for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) + (counts[i] ?? 0);
      else slices.set(Math.floor(number / 2), counts);
    }
    this.slices = slices;
  }
}

/** Place in seriesNames. */
function seriesOf(observation: Observation): number | null {
  switch (observation.kind) {
    case 'received':
      return 0;
    case 'attempt':
      return observation.outcome === 'accepted' ? null : 1;
    case 'notice':
      return 2;
    case 'fate':
      if (observation.outcome === 'returned') return 3;
      return observation.outcome === 'dropped' ? null : 4;
  }
}
