/**
 * Records of a Postfix queue file: one octet for the type, the length in groups of seven bits (the lowest
 * first, the top bit says that more follow), then the data.
 *
 * A pointer record (`p`) says where the next one is: filters edit a message by leading the way past its
 * end and back again. It is followed here, and nobody sees it.
 */
import { fromOctets } from '../../mail/text.ts';

/** A file that is read piece by piece, as latin1: one character for each octet. */
export interface OctetSource {
  readonly size: number;
  /** From `position`, at most `length`, fewer at the end. */
  read(position: number, length: number): string;
}

/** Longest data of a record that is handed out; nothing that Postfix writes comes near. */
export const longestRecord = 65_536;
/** As much as fits most messages whole. */
const smallFile = 65_536;
const piece = 16_384;
/** Every record that a filter inserted costs one; as many as Postfix itself allows. */
const mostBackwardJumps = 10_000;

const pointer = 'p';
const padding = 'w';
/** Its length has at most four octets. */
const longestHead = 5;

/** Goes from record to record. */
export class RecordCursor {
  /** Type of the record under the cursor, an ASCII letter. */
  type = '';
  /** Where it begins in the file. */
  at = 0;
  /** Why there is no next record, in words; null: the file is at its end. */
  problem: string | null = null;

  readonly #source: OctetSource;
  #window = '';
  #windowAt = 0;
  /** Where the data is in the window. */
  #start = 0;
  #end = 0;
  #next = 0;
  #budget: number;
  #backwardJumps = 0;

  constructor(source: OctetSource) {
    this.#source = source;
    this.#budget = source.size;
  }

  /** Where the next record begins. */
  get next(): number {
    return this.#next;
  }

  goTo(position: number): void {
    this.#next = position;
  }

  /** Of the record under the cursor. */
  get octets(): string {
    return this.#window.slice(this.#start, this.#end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** '' where it has no data. */
  get firstOctet(): string {
    return this.#start < this.#end ? this.#window.charAt(this.#start) : '';
  }

  text(): string {
    return fromOctets(this.octets);
  }

  /** False: at the end of the file, or at something that is no record. */
  step(): boolean {
    while (this.#readOne()) {
      if (this.type === pointer) {
        if (!this.#follow()) return false;
      } else if (this.type !== padding) return true;
    }
    return false;
  }

  #readOne(): boolean {
    const at = this.#next;
    if (at >= this.#source.size) return false;
    this.#show(at, longestHead);
    const head = at - this.#windowAt;
    const window = this.#window;
    let length = 0;
    let used = 1;
    for (; ; used++) {
      const octet = used < longestHead ? window.charCodeAt(head + used) : Number.NaN;
      if (Number.isNaN(octet))
        return this.#fail(
          used === longestHead
            ? `expected the length of a record at ${at + 1}, found one of more than four octets`
            : `the file ends in the length of the record at ${at}`,
        );
      length |= (octet & 0x7f) << (7 * (used - 1));
      if ((octet & 0x80) === 0) break;
    }
    used++;
    const type = window.charAt(head);
    if (at + used + length > this.#source.size)
      return this.#fail(
        `the record at ${at} has ${length} octets, but the file ends at ${this.#source.size}`,
      );
    if (length > longestRecord)
      return this.#fail(
        `expected a record of at most ${longestRecord} octets at ${at}, found ${length}`,
      );
    // No octet of a sound file is passed twice.
    this.#budget -= used + length;
    if (this.#budget < 0) return this.#fail(`the pointers of the file lead in a circle at ${at}`);
    this.#show(at + used, length);
    this.type = type;
    this.at = at;
    this.#start = at + used - this.#windowAt;
    // Shorter where somebody cuts the file meanwhile.
    this.#end = Math.min(this.#start + length, this.#window.length);
    this.#next = at + used + length;
    return true;
  }

  #follow(): boolean {
    const digits = this.text().trimStart();
    const target = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
    if (target === 0) return true;
    if (!(target < this.#source.size))
      return this.#fail(
        `the pointer at ${this.at} leads to "${digits}", expected a place inside of the file`,
      );
    if (target <= this.at && ++this.#backwardJumps > mostBackwardJumps)
      return this.#fail(
        `more than ${mostBackwardJumps} pointers lead back, the last at ${this.at}`,
      );
    this.#next = target;
    return true;
  }

  /** Brings so many octets into the window, fewer only at the end of the file. */
  #show(at: number, length: number): void {
    const inside = at - this.#windowAt;
    const end = this.#windowAt + this.#window.length;
    const { size } = this.#source;
    if (inside >= 0 && Math.min(at + length, size) <= end) return;
    this.#window = this.#source.read(
      at,
      at === 0 && size <= smallFile ? smallFile : Math.max(length, piece),
    );
    this.#windowAt = at;
  }

  #fail(problem: string): false {
    this.problem = problem;
    return false;
  }
}
