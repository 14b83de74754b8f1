/**
 * Gatherings by key, as many as there may be.
 *
 * Beyond that the method of Misra and Gries (see heavy-hitters.ts): each is known by how often it was seen,
 * all are lowered alike when room is needed, and who has nothing left makes room. So a flood of a
 * million senders, each seen once, never pushes out the one that is seen a thousand times.
 */
import { detached } from '../../mail/detached.ts';
import { Gathering } from './gathering.ts';
import { middleOf } from './heavy-hitters.ts';

export class GatheringTable {
  private readonly limit: number;
  private readonly window: number;
  private readonly gatherings = new Map<string, Gathering>();

  /** `limit`: most keys; `window`: ms. */
  constructor(limit: number, window: number) {
    this.limit = limit;
    this.window = window;
  }

  get size(): number {
    return this.gatherings.size;
  }

  get(key: string): Gathering | undefined {
    return this.gatherings.get(key);
  }

  /** The gathering of the key, which is seen once more. */
  see(key: string, at: number): Gathering {
    let found = this.gatherings.get(key);
    if (!found) {
      if (this.gatherings.size >= this.limit) this.makeRoom(at);
      found = new Gathering(this.window);
      this.gatherings.set(detached(key), found);
    }
    found.credit++;
    return found;
  }

  delete(key: string): void {
    this.gatherings.delete(key);
  }

  private makeRoom(at: number): void {
    const since = at - this.window;
    for (const [key, { lastAt }] of this.gatherings)
      if (lastAt < since) this.gatherings.delete(key);
    if (this.gatherings.size <= this.limit / 2) return;
    const middle = middleOf(Array.from(this.gatherings.values(), ({ credit }) => credit));
    for (const [key, gathering] of this.gatherings) {
      gathering.credit -= middle;
      if (gathering.credit <= 0) this.gatherings.delete(key);
    }
  }
}
