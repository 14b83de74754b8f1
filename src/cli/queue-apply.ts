/**
 * `spillway queue hold`, `release`, `retry`, `purge`, `undo`: shown first, done when told so.
 */
import { formatQueueId } from '../mail/queue-id.ts';
import type { JournalStore } from '../store/journal-store.ts';
import type {
  MessageState,
  QueueChange,
  QueuedMessage,
  QueueFilter,
  QueueStore,
} from '../store/queue-store.ts';
import { reasonWords } from '../verdict/reasons.ts';
import type { Receipt } from '../verdict/verdict.ts';
import { formatNumber, type Output } from './output.ts';
import { formatLine } from './queue-text.ts';

/** Which messages it makes sense for; the store does nothing to others. */
const from: { readonly [change in QueueChange]: readonly MessageState[] } = {
  hold: ['queued'],
  release: ['held'],
  retry: ['queued'],
  purge: ['queued', 'held'],
  undo: ['purged', 'kept'],
};

const done: { readonly [change in QueueChange]: string } = {
  hold: 'held',
  release: 'released',
  retry: 'to be tried now',
  purge: 'purged',
  undo: 'brought back',
};

const shownLines = 10;
const batchSize = 500;

export interface Application {
  readonly change: QueueChange;
  readonly filter: QueueFilter;
  /** ms since 1970. */
  readonly now: number;
  /** How long a purged message is kept, ms since 1970. */
  readonly until: number;
}

/** Shows what would be changed, the first ones as lines; resolves to their number. */
export async function showChange(
  queue: Pick<QueueStore, 'list'>,
  { change, filter, now }: Application,
  output: Output,
): Promise<number> {
  let count = 0;
  for await (const message of fitting(queue, change, filter)) {
    if (count < shownLines) await output.line(formatLine(message, now, output));
    count++;
  }
  if (count > shownLines) await output.line(`... and ${formatNumber(count - shownLines)} more`);
  return count;
}

/**
 * Does it; resolves to the number of messages that changed. A purged one has its receipt in the journal
 * when the next batch begins. Rejects as store and journal do: what was changed stays so.
 */
export async function applyChange(
  queue: Pick<QueueStore, 'list' | 'change'>,
  journal: Pick<JournalStore, 'append'>,
  { change, filter, now, until }: Application,
): Promise<number> {
  let count = 0;
  let batch: QueuedMessage[] = [];
  const flush = async () => {
    const changed = new Set(
      await queue.change(
        change,
        batch.map(({ id }) => id),
        now,
        until,
      ),
    );
    count += changed.size;
    if (change === 'purge')
      await journal.append(
        batch.filter(({ id }) => changed.has(id)).map((message) => receiptOf(message, now)),
      );
    batch = [];
  };
  for await (const message of fitting(queue, change, filter)) {
    batch.push(message);
    if (batch.length >= batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  return count;
}

/** `12 messages purged`, `would be` before it where nothing was done. */
export function countMessages(change: QueueChange, count: number, would = ''): string {
  const messages = count === 1 ? '1 message' : `${formatNumber(count)} messages`;
  return `${messages} ${would}${done[change]}`;
}

async function* fitting(
  queue: Pick<QueueStore, 'list'>,
  change: QueueChange,
  filter: QueueFilter,
): AsyncGenerator<QueuedMessage> {
  for await (const message of queue.list(filter))
    if (from[change].includes(message.state)) yield message;
}

function receiptOf(message: QueuedMessage, now: number): Receipt {
  const { id, client, sender, recipients } = message;
  const [first] = recipients;
  return {
    from: now,
    until: now,
    count: 1,
    adapter: 'queue',
    check: message.kind === 'notice' ? 'notice' : 'recipient',
    action: 'discard',
    enforced: true,
    reason: 'purged',
    reply: null,
    domain: first?.domain ?? null,
    client,
    reversePath: sender.reversePath,
    forwardPath: first?.forwardPath ?? null,
    queueId: formatQueueId(id),
    steps: [
      ...recipients.map(({ forwardPath, state }) => `<${forwardPath}> ${state}`),
      reasonWords.purged,
    ],
  };
}
