/**
 * Mixes the messages of a plan: each that is left is as likely to be the next as any other.
 */
import type { Planned } from './planned.ts';
import type { Random } from './random.ts';

export interface Share {
  readonly count: number;
  /** `number` counts from 1. */
  readonly make: (number: number) => Planned;
}

export function* mix(random: Random, shares: readonly Share[]): Generator<Planned, void> {
  const made = shares.map(() => 0);
  let left = shares.reduce((sum, { count }) => sum + count, 0);
  for (; left > 0; left--) {
    let at = random.integer(left);
    for (const [i, { count, make }] of shares.entries()) {
      const done = made[i] ?? 0;
      at -= count - done;
      if (at >= 0) continue;
      made[i] = done + 1;
      yield make(done + 1);
      break;
    }
  }
}
