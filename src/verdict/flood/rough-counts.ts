/**
 * How often names came lately, about: never too low, and too high only where others share all their places.
 *
 * Count-min sketch (Cormode and Muthukrishnan 2005) in slices of the window, of which the oldest falls off: so it
 * reaches back by two thirds of the window at least. Its memory is the same however many names there are.
 */
import type { Named } from './named.ts';

/** Counters of a row, a power of two; rows; slices. 192 KB in all. */
const width = 8192;
const rows = 2;
const slices = 3;

export class RoughCounts {
  private readonly length: number;
  /** The newest first. */
  private ring: Uint32Array[] = Array.from({ length: slices }, () => new Uint32Array(width * rows));
  private sliceEnd = Number.NEGATIVE_INFINITY;

  /** `window`: ms. */
  constructor(window: number) {
    this.length = window / slices;
  }

  /** `at`: never before an earlier one, ms since 1970. */
  add({ hash }: Named, at: number): void {
    if (at >= this.sliceEnd) this.turn(at);
    const [newest] = this.ring;
    if (!newest) return;
    for (let row = 0; row < rows; row++) {
      const place = placeOf(hash, row);
      newest[place] = (newest[place] ?? 0) + 1;
    }
  }

  countOf({ hash }: Named, at: number): number {
    if (at >= this.sliceEnd) this.turn(at);
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows; row++) {
      const place = placeOf(hash, row);
      least = Math.min(
        least,
        this.ring.reduce((sum, slice) => sum + (slice[place] ?? 0), 0),
      );
    }
    return least;
  }

  private turn(at: number): void {
    // Nothing of what is counted is so young.
    if (at - this.sliceEnd >= this.length * (slices - 1)) {
      for (const slice of this.ring) slice.fill(0);
      this.sliceEnd = at + this.length;
      return;
    }
    while (at >= this.sliceEnd) {
      const oldest = this.ring.pop();
      if (oldest) this.ring.unshift(oldest.fill(0));
      this.sliceEnd += this.length;
    }
  }
}

/** Of the 32 bits of a hash each row takes others. */
function placeOf(hash: number, row: number): number {
  return row * width + ((hash >>> (row * 13)) & (width - 1));
}
