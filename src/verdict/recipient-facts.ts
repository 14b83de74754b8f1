/**
 * What is known about a mailbox, as plain data: gathered by recipients/, judged by mailbox.ts.
 */
import type { Reply } from '../mail/reply.ts';

export type RecipientFacts =
  /** The domain is none of ours. */
  | { readonly kind: 'foreign' }
  /** `how` in words: `a mailbox of example.org`, `an alias in /etc/aliases`, `the backend knows it`. */
  | { readonly kind: 'known'; readonly how: string }
  | { readonly kind: 'unknown'; readonly how: string }
  /** The backend was asked and refuses it for another reason: its own words. */
  | { readonly kind: 'refused'; readonly reply: Reply; readonly how: string }
  /** It cannot be told at the moment. */
  | { readonly kind: 'uncertain'; readonly detail: string };
