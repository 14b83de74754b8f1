/**
 * A message that is to be taken: handed to its backend while the client waits, where it can be, and
 * else put on disk and given to the delivery.
 */
import { formatQueueId } from '../../mail/queue-id.ts';
import { isPositive } from '../../mail/reply.ts';
import type { MessageRecord, QueueDraft } from '../../store/queue-store.ts';
import type { Answer } from '../../wire/smtp/session.ts';
import type { Accepted } from './accepted.ts';
import { owed, replyFor, takenAs } from './answers.ts';
import { logTaken } from './log-taken.ts';
import type { Expansion } from './recipients.ts';
import type { SmtpServices } from './services.ts';

/** `draft`: the content below `head`. Rejects with QueueWriteError: then nothing was taken. */
export async function handOn(
  { delivery, log }: Pick<SmtpServices, 'delivery' | 'log'>,
  accepted: Accepted,
  message: MessageRecord,
  { recipients, places }: Expansion,
  head: Buffer,
  draft: QueueDraft,
): Promise<Answer> {
  const { body } = draft;
  const taken = takenAs(formatQueueId(message.id));
  let answer = accepted.taken(taken);
  let left = recipients;
  if (body !== null && delivery.canCutThrough(recipients)) {
    const content = Buffer.concat([head, body]);
    const told = await delivery.cutThrough(message, recipients, content);
    if (told) {
      const good = told.filter(isPositive).length;
      if (good > 0) logTaken(log, message, good);
      const groups = accepted.isLmtp ? places : [recipients.map((_, place) => place)];
      const heard = groups.map((group) => replyFor(told, group, taken));
      answer = accepted.passOn(heard, taken);
      const unheard = owed(told, groups);
      if (unheard.size === 0) return answer;
      left = recipients.filter((_, place) => unheard.has(place));
    }
  }
  const claim = delivery.hasRoom();
  await draft.commit(message, left, head, claim);
  logTaken(log, message, left.length);
  if (claim) delivery.take(message, left, body && Buffer.concat([head, body]));
  else delivery.wake();
  return answer;
}
