/** A clock for tests that stands still until it is told to go on. */
import type { Clock } from '../src/mail/clock.ts';

export interface FakeClock extends Clock {
  /** Runs what falls due on the way, and lets what it started come to rest. */
  advance(ms: number): Promise<void>;
  readonly timers: number;
}

export function createFakeClock(start = 1_157_414_400_000): FakeClock {
  let now = start;
  const timers = new Set<{ due: number; run: () => void }>();
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    after(ms, run) {
      const timer = { due: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.due - b.due).at(0);
        if (!next || next.due > end) break;
        timers.delete(next);
        now = next.due;
        next.run();
        await settle();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
