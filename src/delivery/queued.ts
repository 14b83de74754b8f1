/** Recipients of a message that was just committed, as the queue has them. */
import type { NewRecipient, QueuedRecipient } from '../store/queue-store.ts';

/** `now`: ms since 1970. */
export function queuedRecipients(
  recipients: readonly NewRecipient[],
  now: number,
): QueuedRecipient[] {
  return recipients.map((recipient, index) => ({
    forwardPath: recipient.forwardPath,
    notify: recipient.notify,
    orcpt: recipient.orcpt,
    original: recipient.original,
    domain: recipient.domain,
    index,
    state: 'waiting',
    attempts: 0,
    dueAt: now,
    reply: null,
    reason: null,
    delayTold: false,
    failureTold: false,
  }));
}
