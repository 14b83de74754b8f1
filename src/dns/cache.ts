/**
 * A bounded memory of things that hold until a moment.
 *
 * Two generations: what is used moves to the young one, and when that is full the old one goes as a
 * whole. Forgetting costs nothing, and a flood of new keys does not push out what is in use.
 */
export interface Cache<V> {
  /** Undefined where it is unknown or no longer holds. */
  get(key: string, now: number): V | undefined;
  set(key: string, value: V): void;
  /** Entries in memory, the outdated included. */
  readonly size: number;
}

/**
 * `capacity`: total weight, at least 2; `weigh`: how many ordinary entries one takes the room of, at
 * least 1. `until` is on the clock that `now` is from.
 */
export function createCache<V extends { readonly until: number }>(
  capacity: number,
  weigh: (value: V) => number = () => 1,
): Cache<V> {
  const generation = Math.max(1, Math.floor(capacity / 2));
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  let youngWeight = 0;

  function set(key: string, value: V): void {
    const weight = weigh(value);
    // A heavier one would push out everything else, again and again.
    if (weight > generation) return;
    const replaced = young.get(key);
    if (replaced) youngWeight -= weigh(replaced);
    if (youngWeight + weight > generation) {
      old = young;
      young = new Map();
      youngWeight = 0;
    }
    young.set(key, value);
    youngWeight += weight;
  }

  return {
    get(key, now) {
      const recent = young.get(key);
      const value = recent ?? old.get(key);
      if (!value || value.until <= now) return undefined;
      if (!recent) set(key, value);
      return value;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}
