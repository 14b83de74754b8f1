/**
 * Gatherings by key, as many as there may be.
 *
 * Beyond that the method of Misra and Gries (see heavy-hitters.ts): each is known by how often it was seen,
 * all are lowered alike when room is needed, and who has nothing left makes room. So a flood of a
 * million senders, each seen once, never pushes out the one that is seen a thousand times.
 */
import { Gathering } from './gathering.ts';
import { middleOf } from './heavy-hitters.ts';
import type { Named } from './named.ts';

export class GatheringTable {
  private readonly limit: number;
  private readonly window: number;
  /** By the hash of the key. */
  private readonly gatherings = new Map<number, Gathering>();

  /** `limit`: most keys; `window`: ms. */
  constructor(limit: number, window: number) {
    this.limit = limit;
    this.window = window;
  }

  get size(): number {
    return this.gatherings.size;
  }

  get({ hash }: Named): Gathering | undefined {
    return this.gatherings.get(hash);
  }

  /** The gathering of the key, which is seen once more. */
  see({ hash }: Named, at: number): Gathering {
    let found = this.gatherings.get(hash);
    if (!found) {
      if (this.gatherings.size >= this.limit) this.makeRoom(at);
      found = new Gathering(this.window);
      this.gatherings.set(hash, found);
    }
    found.credit++;
    return found;
  }

  delete({ hash }: Named): void {
    this.gatherings.delete(hash);
  }

  private makeRoom(at: number): void {
    const since = at - this.window;
    for (const [hash, { lastAt }] of this.gatherings)
      if (lastAt < since) this.gatherings.delete(hash);
    if (this.gatherings.size <= this.limit / 2) return;
    const middle = middleOf(Array.from(this.gatherings.values(), ({ credit }) => credit));
    for (const [hash, gathering] of this.gatherings) {
      gathering.credit -= middle;
      if (gathering.credit <= 0) this.gatherings.delete(hash);
    }
  }
}
