/**
 * The recipients of a transaction that were accepted, and what the client hears of them in the end:
 * SMTP has one reply for all, LMTP one for each.
 */
import type { RcptParameters } from '../../mail/envelope.ts';
import { isPositive, type Reply } from '../../mail/reply.ts';
import type { Answer } from '../../wire/smtp/session.ts';
import { refuse } from './answers.ts';

export class Accepted {
  readonly isLmtp: boolean;
  private readonly recipients: RcptParameters[] = [];
  /** Places of those that a verdict discards. */
  private readonly discarded = new Set<number>();

  constructor(protocol: 'smtp' | 'lmtp') {
    this.isLmtp = protocol === 'lmtp';
  }

  add(recipient: RcptParameters, isDiscarded: boolean): void {
    if (isDiscarded) this.discarded.add(this.recipients.length);
    this.recipients.push(recipient);
  }

  get all(): readonly RcptParameters[] {
    return this.recipients;
  }

  /** Those that are not discarded. */
  get kept(): RcptParameters[] {
    return this.recipients.filter((_, place) => !this.discarded.has(place));
  }

  /** The forward-path, where there is just one. */
  get only(): string | null {
    const [only] = this.recipients;
    return only && this.recipients.length === 1 ? only.forwardPath : null;
  }

  /** All hear the same. */
  taken(reply: Reply): Answer {
    const count = this.isLmtp ? this.recipients.length : 1;
    return { kind: 'replied', replies: Array.from({ length: count }, () => reply) };
  }

  /** `found`: for each of `kept`, or the one of SMTP. Who was discarded hears `taken`. */
  passOn(found: readonly Reply[], taken: Reply): Answer {
    if (!this.isLmtp) {
      const [reply = taken] = found;
      return isPositive(reply) ? { kind: 'replied', replies: [reply] } : refuse(reply);
    }
    let at = 0;
    const heard = this.recipients.map((_, place) =>
      this.discarded.has(place) ? taken : (found[at++] ?? taken),
    );
    return { kind: 'replied', replies: heard };
  }
}
