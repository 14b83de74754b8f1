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
/** Most keys are never seen as often as that, and need no list of their own. */
const none: readonly never[] = [];

interface Kept {
  readonly sight: Sight;
  readonly side: Side;
  readonly before: Kept | null;
}

interface Slice {
  account: Account | null;
  aside: number;
}

export class Gathering {
  /** How often it was seen, less what others were seen meanwhile: see gathering-table.ts. */
  credit = 0;
  lastAt = 0;
  /** A key is looked at again when its harm has grown to this. */
  lookAt = 0;
  /** Whether there can be a flood in it at all. */
  isMore = false;
  private readonly window: number;
  /** The newest, and those before it. */
  private kept: Kept | null = null;
  private keptCount = 0;
  /** The newest first. */
  private ring: readonly Slice[] = none;
  private sliceEnd = 0;

  constructor(window: number) {
    this.window = window;
  }

  add(sight: Sight, side: Side): void {
    this.lastAt = sight.at;
    if (this.isMore) this.addUp(sight, side);
    else this.keep(sight.kept(), side);
  }

  /** One more that is of the same key, and no part of a flood: its harm is a share of both. */
  setAside(at: number): void {
    this.lastAt = at;
    this.sliceAt(at).aside++;
  }

  /** The sum of a count over the window; cheap, unlike `total`. */
  sum(of: (slice: Account) => number): number {
    let sum = 0;
    for (const { account } of this.ring) if (account) sum += of(account);
    return sum;
  }

  total(names: 'few' | 'many' = 'few'): Account {
    const total = new Account(names);
    for (const { account, aside } of this.ring.toReversed()) {
      if (account) total.addAll(account);
      total.aside += aside;
    }
    return total;
  }

  private keep(sight: Sight, side: Side): void {
    this.kept = { sight, side, before: this.kept };
    this.keptCount++;
    if (this.keptCount <= mostKept) return;
    const recent = this.takeKept(sight.at - this.window);
    this.isMore = recent.length > mostKept;
    for (const one of recent)
      if (this.isMore) this.addUp(one.sight, one.side);
      else this.keep(one.sight, one.side);
  }

  /** Those since then, the oldest first; none is kept any more. */
  private takeKept(since: number): Kept[] {
    const recent: Kept[] = [];
    for (let one = this.kept; one && one.sight.at >= since; one = one.before) recent.unshift(one);
    this.kept = null;
    this.keptCount = 0;
    return recent;
  }

  private addUp(sight: Sight, side: Side): void {
    const slice = this.sliceAt(sight.at);
    slice.account ??= new Account();
    slice.account.add(sight, side);
  }

  /** The newest one, to which all belongs from now on. */
  private sliceAt(at: number): Slice {
    const [newest] = this.ring;
    if (newest && at < this.sliceEnd) return newest;
    const length = this.window / slices;
    if (at - this.sliceEnd >= this.window) {
      this.ring = none;
      this.sliceEnd = at;
    }
    let slice: Slice = { account: null, aside: 0 };
    for (; this.sliceEnd <= at; this.sliceEnd += length) {
      slice = { account: null, aside: 0 };
      this.ring = [slice, ...this.ring.slice(0, slices - 1)];
    }
    this.lookAt = 0;
    return slice;
  }
}
