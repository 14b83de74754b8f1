/**
 * One message on its way: its recipients are parted into transactions, and when the last of them is
 * over the whole is settled.
 */
import type { MessageRecord, QueuedRecipient } from '../store/queue-store.ts';
import type { Content } from './content.ts';
import type { HopState } from './lane.ts';
import type { Lanes, Task, TaskEnd } from './lanes.ts';
import type { Hop, HopOf } from './next-hop.ts';
import type { LastWords, Postponed, Tried } from './outcomes.ts';
import type { Delivered, Shipment } from './transport.ts';
import { noAnswer } from './unanswered.ts';
import type { OpenWay } from './ways.ts';

export interface Job {
  readonly message: MessageRecord;
  /** Those that are due. */
  readonly recipients: readonly QueuedRecipient[];
  /** Those that failed before. */
  readonly earlier: readonly QueuedRecipient[];
  readonly content: Content;
  readonly isFresh: boolean;
  /** Of the content where it is held in memory; 0 where it is not. */
  readonly octets: number;
  /** So many of the tried are in the log already. */
  readonly logged: number;
  readonly tried: Tried[];
  readonly postponed: Postponed[];
}

export interface JobTools {
  readonly hopOf: HopOf;
  readonly lanes: Lanes;
  readonly openWay: OpenWay;
  readonly signal: AbortSignal;
  /** A fault of ours: the recipients are deferred. */
  readonly onFault: (fault: unknown) => void;
}

/** RFC 5321 §4.5.3.1.8: every server takes so many recipients. */
const mostTogether = 100;

/** `over`: called once, when all that can be done now is done; at once where nothing can. */
export function startJob(job: Job, tools: JobTools, over: () => void): void {
  const parts = partition(job.recipients, tools.hopOf);
  let open = parts.length;
  const end = () => {
    if (--open === 0) over();
  };
  if (open === 0) over();
  for (const { hop, recipients } of parts)
    tools.lanes.add(hop, taskOf(job, hop, recipients, tools, end));
}

interface Part {
  readonly hop: Hop;
  readonly recipients: QueuedRecipient[];
}

function partition(recipients: readonly QueuedRecipient[], hopOf: HopOf): Part[] {
  const [first] = recipients;
  if (first && recipients.length === 1) return [{ hop: hopOf(first.domain), recipients: [first] }];
  const parts: Part[] = [];
  const latest = new Map<string, Part>();
  for (const recipient of recipients) {
    const hop = hopOf(recipient.domain);
    // The verdict is about a domain: those of a smarthost share a transaction only by domain.
    const key = hop.kind === 'smarthost' ? `${hop.key} ${recipient.domain}` : hop.key;
    let part = latest.get(key);
    if (!part || part.recipients.length >= mostTogether) {
      part = { hop, recipients: [] };
      latest.set(key, part);
      parts.push(part);
    }
    part.recipients.push(recipient);
  }
  return parts;
}

function taskOf(
  job: Job,
  hop: Hop,
  recipients: readonly QueuedRecipient[],
  tools: JobTools,
  end: () => void,
): Task {
  return {
    isFresh: job.isFresh,
    domains:
      recipients.length === 1 ? recipients.map(domainOf) : [...new Set(recipients.map(domainOf))],
    async run() {
      const ended = await transact(job, hop, recipients, tools);
      end();
      return ended;
    },
    postpone(until, last) {
      for (const recipient of recipients) job.postponed.push({ recipient, hop, until, last });
      end();
    },
    turnAway: end,
  };
}

function domainOf({ domain }: QueuedRecipient): string {
  return domain;
}

async function transact(
  job: Job,
  hop: Hop,
  recipients: readonly QueuedRecipient[],
  tools: JobTools,
): Promise<TaskEnd> {
  try {
    const opened = tools.openWay(hop, job.message, recipients[0]?.forwardPath ?? '');
    const way = opened instanceof Promise ? await opened : opened;
    if (way.kind === 'closed') {
      const { outcome, reply, reason } = way;
      const last = { reply, reason, peer: null };
      for (const recipient of recipients) job.tried.push({ recipient, hop, outcome, ...last });
      return way.isDown ? { state: 'down', last } : untold;
    }
    const delivered = await way.transport.deliver(shipmentOf(job, recipients), tools.signal);
    return note(job, hop, recipients, delivered, tools.signal);
  } catch (fault) {
    tools.onFault(fault);
    for (const recipient of recipients)
      job.tried.push({ recipient, hop, outcome: 'deferred', ...noAnswer });
    return untold;
  }
}

const untold: TaskEnd = { state: 'untold', last: null };

function shipmentOf({ message, content }: Job, recipients: readonly QueuedRecipient[]): Shipment {
  return {
    id: message.id,
    sender: message.sender,
    recipients,
    size: message.size,
    content: () => content.read(),
  };
}

function note(
  job: Job,
  hop: Hop,
  recipients: readonly QueuedRecipient[],
  { results, peer, isDown }: Delivered,
  signal: AbortSignal,
): TaskEnd {
  let last: LastWords = noAnswer;
  for (const recipient of recipients) {
    const result = results.find(({ index }) => index === recipient.index);
    const { outcome, reply, reason } = result ?? { outcome: 'deferred' as const, ...noAnswer };
    if (outcome === 'deferred') last = { reply, reason, peer };
    // What we ourselves broke off was no attempt.
    if (outcome === 'deferred' && signal.aborted) continue;
    job.tried.push({ recipient, hop, outcome, reply, reason, peer });
  }
  const state: HopState = isDown ? 'down' : 'up';
  return { state: signal.aborted ? 'untold' : state, last: isDown ? last : null };
}
