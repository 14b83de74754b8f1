/**
 * The memory of call-aheads.
 *
 * What is known and what is not are kept apart, so that a flood of invented names pushes out none of
 * the mailboxes.
 */
import type { Verified, VerifyCache } from './verify-cache.ts';

export interface MemoryVerifyCache extends VerifyCache {
  /** Oldest first. */
  entries(): IterableIterator<[key: string, verified: Verified]>;
  readonly size: number;
}

/** `capacity`: entries in all. */
export function createMemoryVerifyCache(capacity = 200_000): MemoryVerifyCache {
  const half = Math.max(1, Math.floor(capacity / 2));
  const known = new Map<string, Verified>();
  const others = new Map<string, Verified>();
  return {
    get: (key) => known.get(key) ?? others.get(key),
    set(key, verified) {
      known.delete(key);
      others.delete(key);
      const entries = verified.kind === 'known' ? known : others;
      entries.set(key, verified);
      if (entries.size <= half) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    *entries() {
      yield* others;
      yield* known;
    },
    get size() {
      return known.size + others.size;
    },
  };
}
