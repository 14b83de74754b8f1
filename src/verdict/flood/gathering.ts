/**
 * What was seen of one key within the last window: the flood that it may become.
 *
 * The first observations are kept as they are, because most keys never have more. The others are added
 * up in slices of the window, of which the oldest falls off: so it reaches back by two thirds of the
 * window at least.
 */
import { Account, type Side } from './account.ts';
import { keepNames, type Sight } from './sight.ts';

const mostKept = 4;
const slices = 3;
/** Most keys are seen once, and need no list of their own. */
const none: readonly never[] = [];

interface Kept {
  readonly sight: Sight;
  readonly side: Side;
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
  private readonly window: number;
  private kept: readonly Kept[] | null = none;
  /** The newest first. */
  private ring: readonly Slice[] = none;
  private sliceEnd = 0;

  constructor(window: number) {
    this.window = window;
  }

  add(sight: Sight, side: Side): void {
    this.lastAt = sight.at;
    if (this.kept) this.keep(this.kept, sight, side);
    else this.addUp(sight, side);
  }

  /** One more that is of the same key, and no part of a flood: its harm is a share of both. */
  setAside(at: number): void {
    this.lastAt = at;
    this.sliceAt(at).aside++;
  }

  /** Whether there can be a flood in it at all. */
  get isMore(): boolean {
    return this.kept === null;
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

  private keep(kept: readonly Kept[], sight: Sight, side: Side): void {
    const one = { sight: keepNames(sight), side };
    const since = sight.at - this.window;
    if (kept.length < mostKept) this.kept = kept.concat(one);
    else if (kept.some(({ sight: { at } }) => at < since))
      this.kept = kept.filter(({ sight: { at } }) => at >= since).concat(one);
    else {
      this.kept = null;
      for (const before of kept) this.addUp(before.sight, before.side);
      this.addUp(sight, side);
    }
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
