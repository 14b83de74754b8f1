/**
 * Who comes most often, with few names in memory however many there are.
 *
 * Up to the limit every count is right. Beyond it the method of Misra and Gries (1982), in batches: all
 * counts are lowered by that of the middle one, and who has nothing left is dropped. A name that comes
 * more often than one time in half the limit is never lost, and no count is too high.
 */
import { detached } from '../../mail/detached.ts';

export class HeavyHitters {
  private readonly limit: number;
  private counts = new Map<string, number>();
  private lowered = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(name: string, count = 1): void {
    const known = this.counts.get(name);
    if (known === undefined) this.counts.set(detached(name), count);
    else this.counts.set(name, known + count);
    if (this.counts.size > this.limit) this.prune();
  }

  /** As if everything that was added there had been added here. */
  addAll(other: HeavyHitters): void {
    for (const [name, count] of other.counts) this.add(name, count);
    this.lowered += other.lowered;
  }

  /** Where the same was counted here and there: the larger count is the right one. */
  join(other: HeavyHitters): void {
    for (const [name, count] of other.counts)
      this.add(name, Math.max(0, count - (this.counts.get(name) ?? 0)));
    this.lowered = Math.max(this.lowered, other.lowered);
  }

  get size(): number {
    return this.counts.size;
  }

  /** The most that any count can lack. */
  get error(): number {
    return this.lowered;
  }

  countOf(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** The largest first; those that are equal by name. */
  top(most: number): { readonly name: string; readonly count: number }[] {
    return Array.from(this.counts, ([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, most);
  }

  private prune(): void {
    const middle = middleOf(this.counts.values());
    for (const [name, count] of this.counts)
      if (count > middle) this.counts.set(name, count - middle);
      else this.counts.delete(name);
    this.lowered += middle;
  }
}

/** The median, the upper one of two; 0 of none. */
export function middleOf(numbers: Iterable<number>): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
