/**
 * Who was written to lately by whom, roughly: so that of all pairs of addresses only those are gathered
 * that answer each other.
 */
import type { Named } from './named.ts';

const size = 2 ** 14;

/** 64 KB; each message takes the place of an older one. */
export class RecentPairs {
  private readonly marks = new Uint32Array(size);

  /** Whether the recipient wrote to the sender, too; remembers that the sender wrote. */
  isAnswered(sender: Named, recipient: Named): boolean {
    if (sender.isEmpty || recipient.isEmpty || sender.hash === recipient.hash) return false;
    const sent = mix(sender.hash, recipient.hash);
    const answered = mix(recipient.hash, sender.hash);
    this.marks[sent & (size - 1)] = sent;
    return this.marks[answered & (size - 1)] === answered;
  }
}

function mix(one: number, other: number): number {
  return (Math.imul(one, 0x85ebca6b) ^ other) >>> 0;
}
