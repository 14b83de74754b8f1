/**
 * Who comes most often, with few names in memory however many there are.
 *
 * Up to the limit every count is right. Beyond it the method of Misra and Gries (1982), in batches: all
 * counts are lowered by that of the middle one, and who has nothing left is dropped. A name that comes
 * more often than one time in half the limit is never lost, and no count is too high.
 */
import type { Named } from './named.ts';

interface Hitter {
  readonly named: Named;
  count: number;
}

export class HeavyHitters {
  private readonly limit: number;
  /** By the hash of the name. */
  private readonly hitters = new Map<number, Hitter>();
  private lowered = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(named: Named, count = 1): void {
    const known = this.hitters.get(named.hash);
    if (known) known.count += count;
    else this.insert(named, count);
  }

  /** As if everything that was added there had been added here. */
  addAll(other: HeavyHitters): void {
    for (const { named, count } of other.hitters.values()) this.add(named, count);
    this.lowered += other.lowered;
  }

  /** Where the same was counted here and there: the larger count is the right one. */
  join(other: HeavyHitters): void {
    for (const { named, count } of other.hitters.values())
      this.add(named, Math.max(0, count - this.countOf(named)));
    this.lowered = Math.max(this.lowered, other.lowered);
  }

  get size(): number {
    return this.hitters.size;
  }

  /** The most that any count can lack. */
  get error(): number {
    return this.lowered;
  }

  countOf({ hash }: Named): number {
    return this.hitters.get(hash)?.count ?? 0;
  }

  /** The largest first; those that are equal by name. */
  top(most: number): { readonly named: Named; readonly count: number }[] {
    return [...this.hitters.values()]
      .sort((a, b) => b.count - a.count || (a.named.name < b.named.name ? -1 : 1))
      .slice(0, most)
      .map(({ named, count }) => ({ named, count }));
  }

  private insert(named: Named, count: number): void {
    this.hitters.set(named.hash, { named: named.kept(), count });
    if (this.hitters.size > this.limit) this.prune();
  }

  private prune(): void {
    const middle = middleOf(Array.from(this.hitters.values(), ({ count }) => count));
    for (const [hash, hitter] of this.hitters)
      if (hitter.count > middle) hitter.count -= middle;
      else this.hitters.delete(hash);
    this.lowered += middle;
  }
}

/** The median, the upper one of two; 0 of none. */
export function middleOf(numbers: Iterable<number>): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
