/**
 * Counts texts without keeping more than some thousand of them, however many different ones there are.
 *
 * Up to the limit every count is right. Beyond it the method of Misra and Gries (1982), in batches: all
 * counts are lowered by that of the middle one, and who has nothing left is dropped. A text that comes
 * more often than one time in half the limit is never lost, and no count is too high.
 *
 * HeavyHitters of `verdict/flood` has the same method for other needs: it knows a name by a hash with a secret of its
 * finder, whatever its case. Here texts are counted to the letter, and joined from several threads.
 */
import { detached } from '../../mail/detached.ts';
import { middleOf } from '../../verdict/flood/heavy-hitters.ts';
import type { Ranking } from './cause.ts';

export const mostTexts = 2000;
const mostShown = 10;
/** Longer texts are cut: addresses are shorter, and no text is to cost more memory than its count. */
const textLimit = 320;

type Counted = Ranking['top'][number];

/** The first ten of a ranking, without sorting all of them. */
export function topOf(counted: readonly Counted[]): Counted[] {
  const top: Counted[] = [];
  for (const one of counted) {
    const last = top[mostShown - 1];
    if (last && isBefore(last, one)) continue;
    const at = top.findIndex((other) => isBefore(one, other));
    top.splice(at < 0 ? top.length : at, 0, one);
    top.length = Math.min(top.length, mostShown);
  }
  return top;
}

function isBefore(a: Counted, b: Counted): boolean {
  return a.count > b.count || (a.count === b.count && a.text < b.text);
}

/** A tally as plain data, for another thread. */
export interface TallyState {
  readonly counts: ReadonlyMap<string, number>;
  readonly lowered: number;
  readonly isComplete: boolean;
  /** Null as long as nothing was dropped. */
  readonly seen: Uint32Array | null;
}

export class Tally {
  private readonly limit: number;
  private counts = new Map<string, number>();
  /** How much may be missing from any count. */
  private lowered = 0;
  private isComplete = true;
  private seen: SeenTexts | null = null;

  /** `limit`: how many different texts are counted exactly. */
  constructor(limit = mostTexts) {
    this.limit = limit;
  }

  add(text: string, count = 1): void {
    const known = this.counts.get(text);
    if (known !== undefined) {
      this.counts.set(text, known + count);
      return;
    }
    if (text.length > textLimit) this.add(text.slice(0, textLimit), count);
    else this.addNew(detached(text), count);
  }

  private addNew(text: string, count: number): void {
    this.counts.set(text, count);
    this.seen?.add(text);
    if (this.counts.size > this.limit) this.prune();
  }

  /** As if everything that was added there had been added here. */
  addAll(other: TallyState): void {
    if (other.seen) this.watch().addAll(other.seen);
    for (const [text, count] of other.counts) {
      const known = this.counts.get(text);
      if (known === undefined) this.addNew(text, count);
      else this.counts.set(text, known + count);
    }
    this.lowered += other.lowered;
    this.isComplete &&= other.isComplete;
  }

  get state(): TallyState {
    const { counts, lowered, isComplete, seen } = this;
    return { counts, lowered, isComplete, seen: seen?.words ?? null };
  }

  /** Something that belongs here was counted elsewhere. */
  markIncomplete(): void {
    this.isComplete = false;
  }

  /** The most that a count can lack, unless something was counted elsewhere. */
  get error(): number {
    return this.lowered;
  }

  /** How many texts are kept. */
  get size(): number {
    return this.counts.size;
  }

  ranking(): Ranking {
    const top = topOf([...this.counts].map(([text, count]) => ({ text, count })));
    return {
      distinct: Math.max(this.counts.size, this.seen?.least ?? 0),
      isExact: this.lowered === 0 && this.isComplete,
      top,
    };
  }

  private prune(): void {
    this.watch();
    const middle = middleOf(this.counts.values());
    const kept = new Map<string, number>();
    for (const [text, count] of this.counts) if (count > middle) kept.set(text, count - middle);
    this.counts = kept;
    this.lowered += middle;
  }

  /** From now on the different texts are counted apart from their counts. */
  private watch(): SeenTexts {
    if (this.seen) return this.seen;
    this.seen = new SeenTexts();
    for (const text of this.counts.keys()) this.seen.add(text);
    return this.seen;
  }
}

/** 32 KB: a hundred thousand texts still leave most bits alone. */
const bits = 2 ** 18;

/** One bit for each text, shared by some: as many bits are set as there were different texts, or fewer. */
class SeenTexts {
  least = 0;
  readonly words = new Uint32Array(bits / 32);

  add(text: string): void {
    // FNV-1a, whose upper bits are mixed into those that are taken.
    let hash = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    const bit = (hash ^ (hash >>> 15)) & (bits - 1);
    const word = this.words[bit >>> 5] ?? 0;
    const mask = 1 << (bit & 31);
    if (word & mask) return;
    this.words[bit >>> 5] = word | mask;
    this.least++;
  }

  addAll(words: Uint32Array): void {
    for (let i = 0; i < words.length; i++) this.words[i] = (this.words[i] ?? 0) | (words[i] ?? 0);
    this.least = this.words.reduce((sum, word) => sum + countBits(word), 0);
  }
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
