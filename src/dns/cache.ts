/**
 * A bounded memory of things that hold until a moment.
 *
 * Two generations: what is used moves to the young one, and when that is full the old one goes as a
 * whole. Forgetting costs nothing, and a flood of new keys does not push out what is in use.
 */
export interface Cache<V> {
  /** Undefined where it is unknown or no longer holds. */
  get(key: string, now: number): V | undefined;
  /** `weight`: how many ordinary entries it takes the room of, at least 1. */
  set(key: string, value: V, weight: number): void;
  /** Entries in memory, the outdated included. */
  readonly size: number;
}

interface Entry<V> {
  readonly value: V;
  readonly weight: number;
}

/** `capacity`: total weight, at least 2. `until` is on the clock that `now` is from. */
export function createCache<V extends { readonly until: number }>(capacity: number): Cache<V> {
  const generation = Math.max(1, Math.floor(capacity / 2));
  let young = new Map<string, Entry<V>>();
  let old = new Map<string, Entry<V>>();
  let youngWeight = 0;

  function keep(key: string, entry: Entry<V>): void {
    youngWeight -= young.get(key)?.weight ?? 0;
    if (youngWeight + entry.weight > generation) {
      old = young;
      young = new Map();
      youngWeight = 0;
    }
    young.set(key, entry);
    youngWeight += entry.weight;
  }

  return {
    get(key, now) {
      const recent = young.get(key);
      const entry = recent ?? old.get(key);
      if (!entry || entry.value.until <= now) return undefined;
      if (!recent) keep(key, entry);
      return entry.value;
    },
    set(key, value, weight) {
      // A heavier one would push out everything else, again and again.
      if (weight <= generation) keep(key, { value, weight });
    },
    get size() {
      return young.size + old.size;
    },
  };
}
