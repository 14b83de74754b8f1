/**
 * What backends have said about mailboxes, remembered.
 */
import type { Reply } from '../mail/reply.ts';

export interface Verified {
  /** ms since 1970. */
  readonly at: number;
  readonly kind: 'known' | 'unknown' | 'refused';
  /** The backend's words; null but for a refusal. */
  readonly reply: Reply | null;
}

/** At once: whatever is durable about it happens behind. Bounded: it may forget. */
export interface VerifyCache {
  get(key: string): Verified | undefined;
  set(key: string, verified: Verified): void;
}
