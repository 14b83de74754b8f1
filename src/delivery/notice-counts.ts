/**
 * How many notices went to whom within the last hour: what the cap and the circuit breaker go by.
 *
 * Twelve counts of five minutes each, so that old ones can be dropped whole. Bounded: once there are
 * too many senders in them, the oldest five minutes are forgotten but for their sum.
 */
export interface NoticeCounts {
  toSender(sender: string): number;
  toAll(): number;
  add(sender: string): void;
  /** One that was added was not written after all. */
  remove(sender: string): void;
}

const slice = 300_000;
const slices = 12;
const mostSenders = 100_000;

interface Slice {
  readonly from: number;
  readonly senders: Map<string, number>;
  sum: number;
}

/** `now`: ms since any fixed point. */
export function createNoticeCounts(now: () => number): NoticeCounts {
  let recent: Slice[] = [];

  function current(): Slice[] {
    const from = Math.floor(now() / slice) * slice;
    if (recent.at(-1)?.from !== from) {
      recent = recent.filter((one) => one.from > from - slices * slice && one.from < from);
      recent.push({ from, senders: new Map(), sum: 0 });
      let senders = 0;
      for (const one of recent.toReversed()) {
        senders += one.senders.size;
        if (senders > mostSenders) one.senders.clear();
      }
    }
    return recent;
  }

  function change(sender: string, by: number): void {
    const key = sender.toLowerCase();
    for (const one of current().toReversed()) {
      const count = one.senders.get(key) ?? 0;
      if (by < 0 && count === 0) continue;
      if (count + by > 0) {
        if (count > 0 || one.senders.size < mostSenders) one.senders.set(key, count + by);
      } else one.senders.delete(key);
      one.sum += by;
      return;
    }
    // One of too many senders was only counted in the sum.
    const newest = current().at(-1);
    if (newest && newest.sum > 0) newest.sum += by;
  }

  return {
    toSender(sender) {
      const key = sender.toLowerCase();
      return current().reduce((sum, one) => sum + (one.senders.get(key) ?? 0), 0);
    },
    toAll: () => current().reduce((sum, one) => sum + one.sum, 0),
    add: (sender) => change(sender, 1),
    remove: (sender) => change(sender, -1),
  };
}
