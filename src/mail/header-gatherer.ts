/**
 * Takes a message in pieces and finds where its header ends.
 *
 * RFC 5322 §2.1: the header ends at the first empty line. Memory is bounded by the limit, and time by
 * the length, however small the pieces are.
 */

/** What is known after a piece: more is needed, it is too much, or the header is complete. */
export type Gathered = 'more' | 'tooLarge' | GatheredHeader;

export interface GatheredHeader {
  /** All fields with their CRLF. */
  readonly header: Buffer;
  /** What follows, the empty line included. */
  readonly rest: Buffer;
  /** Both; all of them share memory. */
  readonly whole: Buffer;
}

export class HeaderGatherer {
  private readonly limit: number;
  private buffer: Buffer = Buffer.alloc(0);
  private length = 0;

  /** `limit` in octets. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Keeps the piece, which must not change afterwards. */
  add(piece: Buffer): Gathered {
    const before = this.length;
    this.append(piece);
    // Only the end of what was there before can belong to an empty line that is complete now.
    const end = this.findEnd(Math.max(0, before - 3));
    if (end > this.limit || (end < 0 && this.length > this.limit + 2)) return 'tooLarge';
    return end < 0 ? 'more' : this.split(end);
  }

  /** The message is over; without an empty line all of it was header. */
  end(): Gathered {
    return this.length > this.limit ? 'tooLarge' : this.split(this.length);
  }

  /** Most headers come in one piece, and then nothing is copied. */
  private append(piece: Buffer): void {
    const length = this.length + piece.length;
    if (this.length === 0) this.buffer = piece;
    else {
      if (length > this.buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.length));
        this.buffer.copy(larger, 0, 0, this.length);
        this.buffer = larger;
      }
      piece.copy(this.buffer, this.length);
    }
    this.length = length;
  }

  /** The place after the CRLF of the last field; -1 while there is no empty line. */
  private findEnd(from: number): number {
    const { buffer, length } = this;
    if (from === 0 && length >= 2 && buffer[0] === 0x0d && buffer[1] === 0x0a) return 0;
    const at = buffer.subarray(0, length).indexOf('\r\n\r\n', from, 'latin1');
    return at < 0 ? -1 : at + 2;
  }

  private split(end: number): GatheredHeader {
    const whole = this.buffer.subarray(0, this.length);
    return { header: whole.subarray(0, end), rest: whole.subarray(end), whole };
  }
}
