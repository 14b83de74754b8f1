/**
 * What senders did lately that harmed nobody. Where one of them turns out to be forged, that was part of the
 * flood; of almost all of them nobody ever asks, and so it costs no more than a place in a ring.
 */
import type { Named } from './named.ts';
import type { Sight } from './sight.ts';

/** Sights of others with the same slot that are passed over: whoever chooses his names could make them all be. */
const mostOthers = 64;

export class SenderTrail {
  private readonly sights: (Sight | null)[];
  /** Number of the one before with the same slot; numbers begin with 1. */
  private readonly before: Float64Array;
  /** By the lower bits of the sender's hash: number of the newest one. */
  private readonly newest: Float64Array;
  private count = 0;

  /** `size`: most sights, a power of two. */
  constructor(size: number) {
    this.sights = new Array<Sight | null>(size).fill(null);
    this.before = new Float64Array(size);
    this.newest = new Float64Array(size);
  }

  add(sender: Named, sight: Sight): void {
    const mask = this.sights.length - 1;
    const number = ++this.count;
    const slot = sender.hash & mask;
    this.sights[number & mask] = sight.kept();
    this.before[number & mask] = this.newest[slot] ?? 0;
    this.newest[slot] = number;
  }

  /** Those of the sender since then, the oldest first; none is found again, so that nothing counts twice. */
  take({ hash }: Named, since: number): Sight[] {
    const mask = this.sights.length - 1;
    const oldest = this.count - this.sights.length;
    const found: Sight[] = [];
    let others = 0;
    for (
      let number = this.newest[hash & mask] ?? 0;
      number > oldest && number > 0 && others < mostOthers;
      number = this.before[number & mask] ?? 0
    ) {
      const sight = this.sights[number & mask];
      if (sight && sight.at < since) break;
      if (sight?.sender?.hash === hash) {
        found.push(sight);
        this.sights[number & mask] = null;
      } else others++;
    }
    return found.reverse();
  }
}
