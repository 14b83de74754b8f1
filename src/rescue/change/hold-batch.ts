/**
 * Holds entries by the server's own hold; the archive remembers which, so that undo can release them.
 */
import type { PlannedEntry } from './plan.ts';
import { announce, notTold, type Target, type Work, writeLetGo } from './targets.ts';

export async function holdBatch(work: Work, batch: readonly PlannedEntry[]): Promise<void> {
  const { archive, hand, counter } = work;
  const pending = new Map(announce(work, batch, 'holding'));
  // What somebody held before us is to stay held whatever undo does.
  const [heldBefore = [], free = []] = [true, false].map((wasHeld) =>
    [...pending.values()].filter(({ stored }) => stored.wasHeld === wasHeld),
  );
  counter.add('held', heldBefore.length);
  for (const [reason, targets] of Map.groupBy(free, ({ planned }) => planned.cause.reason)) {
    const places = targets.map(({ place }) => place);
    const results = await hand.hold(places, `Spillway: ${reason}`);
    const held: Target[] = [];
    for (const target of targets) {
      const { id } = target.planned;
      const result = results.get(id) ?? notTold;
      if (result === 'held') held.push(target);
      else counter.missed(id, result);
    }
    counter.add('held', held.length);
    archive.settle(held.map(({ stored }) => ({ number: stored.number, state: 'held' })));
    for (const { planned } of held) pending.delete(planned.id);
  }
  writeLetGo(work, pending.values());
}
