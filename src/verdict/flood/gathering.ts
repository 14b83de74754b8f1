/**
 * What was seen of one key within the last window: the flood that it may become.
 *
 * The first observations are kept as they are, because most keys never have more. The others are added
 * up in slices of the window, of which the oldest falls off: so it reaches back by two thirds of the
 * window at least.
 */
import { Account, type Side } from './account.ts';
import type { Sight } from './sight.ts';

const mostKept = 4;
const slices = 3;

interface Kept {
  readonly sight: Sight;
  readonly side: Side;
}

export class Gathering {
  /** How often it was seen, less what others were seen meanwhile: see gathering-table.ts. */
  credit = 0;
  lastAt = 0;
  /** A key is looked at again when its harm has grown to this. */
  lookAt = 0;
  private readonly window: number;
  private kept: Kept[] | null = [];
  /** The newest slice first. */
  private ring: (Account | null)[] = [];
  private asides: number[] = [];
  private sliceEnd = 0;

  constructor(window: number) {
    this.window = window;
  }

  add(sight: Sight, side: Side): void {
    this.lastAt = sight.at;
    if (this.kept && !this.keep(this.kept, sight, side)) this.addUp(this.kept);
    if (!this.kept) this.current(sight.at).add(sight, side);
  }

  /** One more that is of the same key, and no part of a flood: its harm is a share of both. */
  setAside(at: number): void {
    this.lastAt = at;
    this.turn(at);
    this.asides[0] = (this.asides[0] ?? 0) + 1;
  }

  /** Whether there can be a flood in it at all. */
  get isMore(): boolean {
    return this.kept === null;
  }

  /** The sum of a count over the window; cheap, unlike `total`. */
  sum(of: (slice: Account) => number): number {
    let sum = 0;
    for (const slice of this.ring) if (slice) sum += of(slice);
    return sum;
  }

  total(names: 'few' | 'many' = 'few'): Account {
    const total = new Account(names);
    for (const slice of this.ring.toReversed()) if (slice) total.addAll(slice);
    total.aside = this.asides.reduce((sum, count) => sum + count, 0);
    return total;
  }

  private keep(kept: Kept[], sight: Sight, side: Side): boolean {
    const since = sight.at - this.window;
    while (kept[0] && kept[0].sight.at < since) kept.shift();
    if (kept.length >= mostKept) return false;
    sight.sender?.kept();
    sight.recipient?.kept();
    kept.push({ sight, side });
    return true;
  }

  private addUp(kept: readonly Kept[]): void {
    this.kept = null;
    for (const { sight, side } of kept) this.current(sight.at).add(sight, side);
  }

  private current(at: number): Account {
    this.turn(at);
    this.ring[0] ??= new Account();
    return this.ring[0];
  }

  private turn(at: number): void {
    if (at < this.sliceEnd) return;
    const length = this.window / slices;
    if (at - this.sliceEnd >= this.window) {
      this.ring = [];
      this.asides = [];
      this.sliceEnd = at;
    }
    while (this.sliceEnd <= at) {
      this.sliceEnd += length;
      this.ring.unshift(null);
      this.asides.unshift(0);
      this.lookAt = 0;
    }
    this.ring.length = Math.min(this.ring.length, slices);
    this.asides.length = this.ring.length;
  }
}
