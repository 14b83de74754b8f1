/**
 * Who exists here, and where their mail goes.
 */
import type { Destination } from '../mail/destination.ts';
import type { RecipientFacts } from '../verdict/recipient-facts.ts';

export interface Directory {
  /**
   * Whether a forward-path names a mailbox of ours. At once where it is known, which it is for almost
   * every question of a flood; a promise where a backend has to be asked. Neither throws nor rejects.
   */
  find(forwardPath: string): RecipientFacts | Promise<RecipientFacts>;
  /**
   * The forward-paths that an accepted one stands for: itself, or what its alias names, each once.
   * Never empty.
   */
  expand(forwardPath: string): readonly string[];
  /** Where mail for a domain of ours goes (comparable form); null where the domain is none of ours. */
  destinationOf(domain: string): Destination | null;
}
