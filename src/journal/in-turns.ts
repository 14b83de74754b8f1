/**
 * Work that is done again and again, never twice at once, and once more at the end.
 */
import type { Clock } from '../mail/clock.ts';

/** `turn`: ms between the end of the work and its next beginning. `work` never rejects. */
export function inTurns(clock: Clock, turn: number, work: () => Promise<void>): AsyncDisposable {
  let cancel = () => {};
  let working: Promise<void> = Promise.resolve();

  function schedule(): void {
    cancel = clock.after(turn, () => {
      working = work().then(schedule);
    });
  }

  schedule();
  return {
    async [Symbol.asyncDispose]() {
      cancel();
      await working;
      // It has scheduled the next one meanwhile.
      cancel();
      await work();
    },
  };
}
