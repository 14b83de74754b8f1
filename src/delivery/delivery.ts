/**
 * What the server that takes mail needs of the delivery.
 */
import type { Reply } from '../mail/reply.ts';
import type { MessageRecord, NewRecipient } from '../store/queue-store.ts';

export interface Delivery extends AsyncDisposable {
  /** Whether a message that is committed now may be claimed and handed over with `take`. */
  hasRoom(): boolean;
  /** A message that was just committed and claimed. `content`: head and body; null: read the store. */
  take(
    message: MessageRecord,
    recipients: readonly NewRecipient[],
    content: Uint8Array | null,
  ): void;
  /** Something in the queue may be due earlier than it was. */
  wake(): void;
  /**
   * Whether such recipients can be handed to their backend while the client waits: all of them go to
   * one backend whose domain is set up so.
   */
  canCutThrough(recipients: readonly NewRecipient[]): boolean;
  /**
   * Tries that once. A reply for each recipient where the backend answered for good (2xx or 5xx);
   * null where it did not: then the message is queued.
   */
  cutThrough(
    message: MessageRecord,
    recipients: readonly NewRecipient[],
    content: Uint8Array,
  ): Promise<readonly Reply[] | null>;
}
