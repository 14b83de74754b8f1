/**
 * The way to one next hop: hands a message on and tells what became of each recipient.
 *
 * A transport knows its protocol. It retries nothing, reports nothing and stores nothing.
 */
import type { MailParameters, RcptParameters } from '../mail/envelope.ts';
import type { QueueId } from '../mail/queue-id.ts';
import type { Reply } from '../mail/reply.ts';
import type { Reason } from '../verdict/reasons.ts';

export interface Shipment {
  readonly id: QueueId;
  readonly sender: MailParameters;
  readonly recipients: readonly ShippedRecipient[];
  /** Octets of the content. */
  readonly size: number;
  /** From the beginning each time: lines ended by CRLF, dots not stuffed. */
  content(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface ShippedRecipient extends RcptParameters {
  readonly index: number;
}

export interface RecipientResult {
  readonly index: number;
  /** `relayed`: delivered to a server that does not do DSN itself (RFC 3461 §5.2.2). */
  readonly outcome: 'delivered' | 'relayed' | 'failed' | 'deferred';
  /** The next hop's words, or ours where it said nothing. */
  readonly reply: Reply;
  /** Where a verdict of ours decided. */
  readonly reason: Reason | null;
}

export interface Delivered {
  readonly results: readonly RecipientResult[];
  /** `mx.example.org (192.0.2.25)`, for the log and for notices; null where nobody answered. */
  readonly peer: string | null;
  /** The next hop itself is in trouble: leave it alone for a while. */
  readonly isDown: boolean;
}

export interface Transport {
  /** Never rejects for trouble at the next hop: that is a result. `signal`: we are about to stop. */
  deliver(shipment: Shipment, signal: AbortSignal): Promise<Delivered>;
}
