/**
 * The clients of one incident, so that others can be compared with them: 8 KB, however many they are.
 *
 * One bit for each client; some share theirs, which is reckoned with.
 */
const bits = 2 ** 16;
/** Beyond that the bits tell nothing any more. */
const mostFilled = 0.9;

export class Crowd {
  private readonly words = new Uint32Array(bits / 32);
  private filled = 0;

  /** `hash`: 32 bits, evenly spread. */
  add(hash: number): void {
    const word = (hash & (bits - 1)) >>> 5;
    const before = this.words[word] ?? 0;
    const after = before | (1 << (hash & 31));
    if (after === before) return;
    this.words[word] = after;
    this.filled++;
  }

  addAll(other: Crowd): void {
    let filled = 0;
    for (let i = 0; i < this.words.length; i++) {
      let word = (this.words[i] ?? 0) | (other.words[i] ?? 0);
      this.words[i] = word;
      for (; word !== 0; word &= word - 1) filled++;
    }
    this.filled = filled;
  }

  /** Which share of the hashes belong to it, about. */
  shareOf(hashes: readonly number[]): number {
    const chance = this.filled / bits;
    if (hashes.length === 0 || chance > mostFilled) return 0;
    const found = hashes.filter((hash) => this.has(hash)).length / hashes.length;
    return (found - chance) / (1 - chance);
  }

  private has(hash: number): boolean {
    return (((this.words[(hash & (bits - 1)) >>> 5] ?? 0) >>> (hash & 31)) & 1) === 1;
  }
}
