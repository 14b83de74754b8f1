/**
 * Hands a message to its backend while the client still waits, so that the backend's refusal is the
 * client's refusal, and no notice is ever needed.
 *
 * What the backend took is remembered until the message comes in through the queue, should the client
 * not be told at once: then nobody gets it twice.
 */
import type { QueueId } from '../mail/queue-id.ts';
import { isPositive, type Reply } from '../mail/reply.ts';
import type { MessageRecord, NewRecipient, QueuedRecipient } from '../store/queue-store.ts';
import { contentInMemory } from './content.ts';
import type { Delivery } from './delivery.ts';
import { type Job, type JobTools, startJob } from './job.ts';
import { type DeliveryLog, logTried } from './log.ts';
import type { Hop } from './next-hop.ts';
import type { Tried } from './outcomes.ts';
import { queuedRecipients } from './queued.ts';

export interface CutThrough extends Pick<Delivery, 'canCutThrough' | 'cutThrough'> {
  /** What was done already for recipients of a message that was queued after all. */
  takeTried(id: QueueId, recipients: readonly QueuedRecipient[]): Tried[];
}

export interface CutThroughOptions {
  /** Comparable form. */
  readonly domains: ReadonlySet<string>;
  readonly tools: JobTools;
  readonly now: () => number;
  readonly log: DeliveryLog;
}

/** Messages whose client is answered and which are not in the queue yet: few, and for moments. */
const mostRemembered = 1000;

export function createCutThrough(options: CutThroughOptions): CutThrough {
  const { domains, tools, now, log } = options;
  const remembered = new Map<QueueId, readonly Tried[]>();

  function hopOfAll(recipients: readonly NewRecipient[]): Hop | null {
    let hop: Hop | null = null;
    for (const { domain, notify } of recipients) {
      // A report of success is written when a message leaves the queue.
      if (!domains.has(domain) || notify?.includes('success')) return null;
      const found = tools.hopOf(domain);
      if (found.kind !== 'smtp' && found.kind !== 'lmtp') return null;
      if (hop !== null && hop.key !== found.key) return null;
      hop = found;
    }
    return hop;
  }

  function remember(id: QueueId, tried: readonly Tried[]): void {
    remembered.set(id, tried);
    const oldest = remembered.keys().next();
    if (remembered.size > mostRemembered && !oldest.done) remembered.delete(oldest.value);
  }

  return {
    canCutThrough(recipients) {
      if (domains.size === 0) return false;
      const hop = hopOfAll(recipients);
      return hop !== null && tools.lanes.isFree(hop);
    },
    async cutThrough(message, recipients, content) {
      const job = await runOnce(message, recipients, content);
      for (const one of job.tried) logTried(log, message.id, now() - message.receivedAt, one);
      const replies = answersOf(job);
      if (replies !== null && isAlike(replies)) return replies;
      // Some took it and some did not. LMTP can say so to its client; SMTP cannot, and queues it.
      if (job.tried.some(({ outcome }) => outcome !== 'deferred')) remember(message.id, job.tried);
      return replies;
    },
    takeTried(id, recipients) {
      if (remembered.size === 0) return [];
      const left = [...(remembered.get(id) ?? [])];
      remembered.delete(id);
      // Perhaps only some of them are queued, and each has another place there.
      return recipients.flatMap((recipient) => {
        const at = left.findIndex((one) => one.recipient.forwardPath === recipient.forwardPath);
        const [found] = at < 0 ? [] : left.splice(at, 1);
        return found ? { ...found, recipient } : [];
      });
    },
  };

  function runOnce(
    message: MessageRecord,
    recipients: readonly NewRecipient[],
    content: Uint8Array,
  ): Promise<Job> {
    const job: Job = {
      message,
      recipients: queuedRecipients(recipients, now()),
      earlier: [],
      content: contentInMemory(content),
      isFresh: true,
      octets: content.length,
      logged: 0,
      tried: [],
      postponed: [],
    };
    return new Promise((resolve) => startJob(job, tools, () => resolve(job)));
  }
}

/** Null unless the backend answered for good about each recipient. */
function answersOf({ recipients, tried }: Job): Reply[] | null {
  const answers: Reply[] = [];
  for (const recipient of recipients) {
    const one = tried.find((other) => other.recipient === recipient);
    if (!one || one.outcome === 'deferred') return null;
    answers.push(one.reply);
  }
  return answers;
}

function isAlike(answers: readonly Reply[]): boolean {
  return new Set(answers.map(isPositive)).size <= 1;
}
