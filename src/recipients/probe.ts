/**
 * Call-ahead: asking the server that mail would be handed to whether it knows a mailbox.
 */
import type { Destination } from '../mail/destination.ts';
import type { Reply } from '../mail/reply.ts';

export type ProbeResult =
  /** What it said to RCPT; its words are as they came, latin1 or UTF-8, unescaped. */
  | { readonly kind: 'answered'; readonly reply: Reply }
  /** It did not get as far as an answer to RCPT; `detail` says why, for the admin. */
  | { readonly kind: 'silent'; readonly detail: string };

/**
 * Opens a transaction from the null reverse-path, asks RCPT for the forward-path, and ends it without
 * a message. Never rejects, and ends by itself.
 */
export type Probe = (destination: Destination, forwardPath: string) => Promise<ProbeResult>;
