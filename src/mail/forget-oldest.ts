/**
 * Room in a map of so many names: the oldest leave.
 *
 * Several at once: a Map walks over all that left before it finds its first entry, which for each new name of a long
 * log would cost more than all the rest.
 */
const share = 64;

/** Does nothing as long as there are no more than `most`. Hands each out that leaves, once it has left. */
export function forgetOldest<Key, Value>(
  map: Map<Key, Value>,
  most: number,
  onLeave: (value: Value) => void = () => undefined,
): void {
  if (map.size <= most) return;
  const kept = most - Math.floor(most / share);
  for (const [name, value] of map) {
    if (map.size <= kept) return;
    map.delete(name);
    onLeave(value);
  }
}
