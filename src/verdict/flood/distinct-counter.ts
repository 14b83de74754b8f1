/**
 * How many different ones there were, in half a kilobyte: exact while they are few, then an estimate.
 *
 * HyperLogLog (Flajolet et al. 2007) with 512 registers: a standard error of 4.6 %, and linear counting
 * where that is better. It takes hashes, so that whoever counts one text in several places hashes it once.
 */

/** Up to so many the count is exact, but for equal hashes. */
export const mostExact = 32;
const bits = 9;
const registers = 2 ** bits;
/** α of 512 registers. */
const correction = 0.7213 / (1 + 1.079 / registers);

export class DistinctCounter {
  private few: number[] | null = [];
  private ranks: Uint8Array | null = null;
  /** What was counted before, of which only the number is known. */
  private least = 0;

  /** `hash`: 32 bits, evenly spread. */
  add(hash: number): void {
    const { few } = this;
    if (!few) this.rank(hash);
    else if (!few.includes(hash)) {
      few.push(hash);
      if (few.length > mostExact) this.spread();
    }
  }

  /** As if everything that was added there had been added here. */
  addAll(other: DistinctCounter): void {
    this.least = Math.max(this.least, other.least);
    for (const hash of other.few ?? []) this.add(hash);
    if (!other.ranks) return;
    const ranks = this.ranks ?? this.spread();
    for (let i = 0; i < registers; i++) ranks[i] = Math.max(ranks[i] ?? 0, other.ranks[i] ?? 0);
  }

  /** It was at least so many, before this began to count. */
  startAt(least: number): void {
    this.least = Math.max(this.least, least);
  }

  get count(): number {
    return Math.max(this.least, this.few?.length ?? this.estimate());
  }

  private spread(): Uint8Array {
    const few = this.few ?? [];
    this.few = null;
    const ranks = new Uint8Array(registers);
    this.ranks = ranks;
    for (const hash of few) this.rank(hash);
    return ranks;
  }

  private rank(hash: number): void {
    const { ranks } = this;
    if (!ranks) return;
    const register = hash & (registers - 1);
    const rank = Math.clz32(hash >>> bits) - bits + 1;
    if (rank > (ranks[register] ?? 0)) ranks[register] = rank;
  }

  private estimate(): number {
    const { ranks } = this;
    if (!ranks) return 0;
    let sum = 0;
    let empty = 0;
    for (const rank of ranks) {
      sum += 2 ** -rank;
      if (rank === 0) empty++;
    }
    const raw = (correction * registers * registers) / sum;
    if (raw > 2.5 * registers || empty === 0) return Math.round(raw);
    return Math.round(registers * Math.log(registers / empty));
  }
}
