/**
 * A queue that forgets everything with its process: for tests, and to say in the plainest way what a
 * queue does. The random test holds every engine against it.
 */
import { formatQueueId, type QueueId } from '../../src/mail/queue-id.ts';
import { QueueReadError, QueueWriteError } from '../../src/store/errors.ts';
import type {
  MessageRecord,
  MessageState,
  NewRecipient,
  QueueChange,
  QueuedMessage,
  QueuedRecipient,
  QueueFilter,
  QueueStore,
  Settlement,
} from '../../src/store/queue-store.ts';
import { matches } from '../../src/store/wildcard.ts';

interface Kept {
  readonly message: MessageRecord;
  readonly content: Uint8Array;
  state: MessageState;
  keptUntil: number | null;
  wasHeld: boolean;
  isClaimed: boolean;
  retryAt: number | null;
  recipients: QueuedRecipient[];
}

export function memoryQueue(): QueueStore {
  const kept = new Map<QueueId, Kept>();
  let last = 0;
  let closed = false;

  function mayWrite(): void {
    if (closed) throw new QueueWriteError('it is closed');
  }

  function insert(
    message: MessageRecord,
    recipients: readonly NewRecipient[],
    content: Uint8Array,
    isClaimed: boolean,
  ): void {
    if (kept.has(message.id)) throw new QueueWriteError('there is one of that id');
    if (recipients.length === 0) throw new QueueWriteError('it has no recipient');
    last = Math.max(last, message.id);
    kept.set(message.id, {
      message,
      content,
      state: 'queued',
      keptUntil: null,
      wasHeld: false,
      isClaimed,
      retryAt: null,
      recipients: recipients.map((recipient, index) => ({
        ...recipient,
        index,
        state: 'waiting',
        attempts: 0,
        dueAt: message.receivedAt,
        reply: null,
        reason: null,
        delayTold: false,
        failureTold: false,
      })),
    });
  }

  function finish(found: Kept, keepUntil: number | null): void {
    const { retryAt } = found;
    found.isClaimed = false;
    found.retryAt = null;
    if (found.recipients.some(isWaiting)) {
      if (retryAt !== null) dueBy(found, retryAt);
    } else if (keepUntil === null) kept.delete(found.message.id);
    else if (found.state !== 'purged') {
      found.state = 'kept';
      found.keptUntil = keepUntil;
    }
  }

  function settle({ id, outcomes, notice, keepUntil }: Settlement): void {
    const found = kept.get(id);
    if (!found?.isClaimed) throw new QueueWriteError(`${formatQueueId(id)} is not claimed`);
    if (notice) insert(notice.message, notice.recipients, Uint8Array.from(notice.content), false);
    for (const outcome of outcomes) {
      const recipient = found.recipients[outcome.index];
      if (recipient && recipient.state !== 'delivered')
        found.recipients[outcome.index] = { ...recipient, ...outcome };
    }
    finish(found, keepUntil);
  }

  return {
    async recover() {},
    async lastId() {
      return last;
    },
    begin() {
      if (closed) return null;
      const chunks: Uint8Array[] = [];
      let ended = false;
      return {
        write(piece) {
          if (ended) return Promise.reject(new QueueWriteError('the message has ended'));
          chunks.push(Uint8Array.from(piece));
          return undefined;
        },
        async commit(message, recipients, head, claim) {
          mayWrite();
          if (ended) throw new QueueWriteError('the message has ended');
          const content = Buffer.concat([head, ...chunks]);
          insert(structuredClone(message), structuredClone(recipients), content, claim);
          ended = true;
        },
        get body() {
          return Buffer.concat(chunks);
        },
        async [Symbol.asyncDispose]() {
          ended = true;
        },
      };
    },
    async claim(now, limit, perDomain, except) {
      mayWrite();
      const claimed = claimable([...kept.values()], now, limit, perDomain, except);
      for (const found of claimed) found.isClaimed = true;
      return claimed.map(toMessage);
    },
    async nextDue(except = []) {
      const times = [...kept.values()]
        .filter(isReady)
        .flatMap(({ recipients }) => recipients.filter(isWaiting))
        .filter(({ domain }) => !except.includes(domain))
        .map(({ dueAt }) => dueAt);
      return times.length > 0 ? Math.min(...times) : null;
    },
    async *read(id) {
      const found = kept.get(id);
      if (closed || !found) throw new QueueReadError('there is no such message any more');
      for (let at = 0; at < found.content.length; at += 262_144)
        yield found.content.subarray(at, at + 262_144);
    },
    async settle(settlement) {
      mayWrite();
      settle(structuredClone(settlement));
    },
    async unclaim(id) {
      mayWrite();
      const found = kept.get(id);
      if (found?.isClaimed) finish(found, null);
    },
    async *list(filter) {
      if (closed) throw new QueueReadError('it is closed');
      const found = [...kept.values()].sort((a, b) => a.message.id - b.message.id);
      for (const message of found.map(toMessage)) if (fits(message, filter)) yield message;
    },
    async counts() {
      const counts = { queued: 0, held: 0, purged: 0, kept: 0 };
      for (const { state } of kept.values()) counts[state]++;
      return counts;
    },
    async noticesQueued(most) {
      const notices = [...kept.values()].filter(
        ({ message, state }) => message.kind === 'notice' && state === 'queued',
      );
      return Math.min(most, notices.length);
    },
    async change(change, ids, now, until) {
      mayWrite();
      return [...new Set(ids)].filter((id) => {
        const found = kept.get(id);
        return found !== undefined && apply(found, change, now, until);
      });
    },
    async expire(now) {
      mayWrite();
      const over = [...kept.values()].filter(
        ({ keptUntil, isClaimed }) => keptUntil !== null && keptUntil <= now && !isClaimed,
      );
      for (const { message } of over) kept.delete(message.id);
      return over.length;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

function isWaiting({ state }: QueuedRecipient): boolean {
  return state === 'waiting';
}

function isReady({ state, isClaimed }: Kept): boolean {
  return state === 'queued' && !isClaimed;
}

function claimable(
  all: readonly Kept[],
  now: number,
  limit: number,
  perDomain: number,
  except: readonly string[],
): Kept[] {
  const due = all.filter(isReady).flatMap((found) => {
    const domains = Map.groupBy(found.recipients.filter(isWaiting), ({ domain }) => domain);
    return [...domains].map(([domain, recipients]) => {
      const at = Math.min(...recipients.map(({ dueAt }) => dueAt));
      return { found, domain, at };
    });
  });
  const dueNow = due.filter(({ at }) => at <= now);
  dueNow.sort((a, b) => a.at - b.at || a.found.message.id - b.found.message.id);
  const taken = new Map<string, number>();
  const claimed = new Set<Kept>();
  for (const { found, domain } of dueNow) {
    if (claimed.size >= limit) break;
    if (claimed.has(found) || except.includes(domain)) continue;
    if ((taken.get(domain) ?? 0) >= perDomain) continue;
    for (const other of dueNow)
      if (other.found === found) taken.set(other.domain, (taken.get(other.domain) ?? 0) + 1);
    claimed.add(found);
  }
  return [...claimed];
}

function apply(found: Kept, change: QueueChange, now: number, until: number): boolean {
  const { state } = found;
  switch (change) {
    case 'hold':
      if (state !== 'queued') return false;
      found.state = 'held';
      return true;
    case 'release':
      if (state !== 'held') return false;
      found.state = 'queued';
      return true;
    case 'retry':
      if (state !== 'queued') return false;
      if (found.isClaimed) found.retryAt = now;
      else dueBy(found, now);
      return true;
    case 'purge':
      if (state !== 'queued' && state !== 'held') return false;
      found.wasHeld = state === 'held';
      found.state = 'purged';
      found.keptUntil = until;
      return true;
    case 'undo':
      if (state !== 'purged' && state !== 'kept') return false;
      found.state = found.wasHeld ? 'held' : 'queued';
      found.wasHeld = false;
      found.keptUntil = null;
      if (!found.recipients.some(isWaiting))
        found.recipients = found.recipients.map((recipient) =>
          recipient.state === 'failed' ? { ...recipient, state: 'waiting', dueAt: now } : recipient,
        );
      return true;
  }
}

function dueBy(found: Kept, at: number): void {
  found.recipients = found.recipients.map((recipient) =>
    isWaiting(recipient) ? { ...recipient, dueAt: Math.min(recipient.dueAt, at) } : recipient,
  );
}

function toMessage({ message, state, keptUntil, isClaimed, recipients }: Kept): QueuedMessage {
  return { ...message, state, keptUntil, isClaimed, recipients };
}

function fits(message: QueuedMessage, filter: QueueFilter): boolean {
  const { ids, sender, recipient, domain, reason, state, receivedBefore, receivedAfter } = filter;
  const isAsked = recipient !== undefined || domain !== undefined || reason !== undefined;
  return (
    (ids === undefined || ids.includes(message.id)) &&
    (sender === undefined || matches(sender, message.sender.reversePath)) &&
    (state === undefined || message.state === state) &&
    (receivedBefore === undefined || message.receivedAt < receivedBefore) &&
    (receivedAfter === undefined || message.receivedAt > receivedAfter) &&
    (!isAsked ||
      message.recipients.some(
        (found) =>
          (recipient === undefined || matches(recipient, found.forwardPath)) &&
          (domain === undefined || found.domain === domain) &&
          (reason === undefined || found.reason === reason),
      ))
  );
}
