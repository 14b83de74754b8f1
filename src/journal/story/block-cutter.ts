/**
 * Bytes of a log, cut into blocks of whole lines. However long a line is, no more of it is kept than a
 * line may have.
 */

const lineFeed = 10;

export class BlockCutter {
  private readonly longest: number;
  private rest: Buffer[] = [];
  private restLength = 0;

  /** Octets of the longest line; of a longer one that many and one more are handed on. */
  constructor(longest: number) {
    this.longest = longest;
  }

  /** The lines that are whole with these bytes, in memory of their own; null: none are. */
  push(chunk: Buffer): Buffer | null {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    const block = end === 0 ? null : Buffer.concat([...this.rest, chunk.subarray(0, end)]);
    if (block) this.clear();
    this.keep(chunk.subarray(end));
    return block;
  }

  /** The last line, where nothing ends it; null: there is none. */
  end(): Buffer | null {
    const block = this.restLength === 0 ? null : Buffer.concat(this.rest);
    this.clear();
    return block;
  }

  private keep(bytes: Buffer): void {
    const room = this.longest + 1 - this.restLength;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    this.rest.push(Buffer.from(kept));
    this.restLength += kept.length;
  }

  private clear(): void {
    this.rest = [];
    this.restLength = 0;
  }
}
