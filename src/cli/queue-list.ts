/**
 * `spillway queue list` and `show`: what is in the queue, as lines or as JSON.
 */
import { printable } from '../mail/printable.ts';
import { formatQueueId, type QueueId } from '../mail/queue-id.ts';
import type { QueuedMessage, QueueFilter, QueueStore } from '../store/queue-store.ts';
import { CommandError, exit } from './exit.ts';
import { formatNumber, jsonLine, type Output } from './output.ts';
import { formatLine, formatMessage } from './queue-text.ts';

type Reading = Pick<QueueStore, 'list' | 'read' | 'counts'>;

/** What was purged is left out unless it is asked for. */
export async function printList(
  queue: Reading,
  filter: QueueFilter,
  now: number,
  output: Output,
): Promise<void> {
  const sums = new Map<string, number>();
  for await (const message of visible(queue, filter)) {
    await output.line(formatLine(message, now, output));
    sums.set(message.state, (sums.get(message.state) ?? 0) + 1);
  }
  if (sums.size === 0) {
    if (Object.keys(filter).length > 0) return output.line('Nothing in the queue fits.');
    const { purged } = await queue.counts();
    const kept = `; ${formatNumber(purged)} purged can be seen with --state purged`;
    return output.line(`The queue is empty${purged > 0 ? kept : ''}.`);
  }
  const counts = [...sums].map(([state, count]) => `${formatNumber(count)} ${state}`).join(', ');
  await output.line(output.style('bold', counts));
}

export async function printJson(
  queue: Reading,
  filter: QueueFilter,
  output: Output,
): Promise<void> {
  for await (const message of visible(queue, filter)) await output.line(jsonLine(asJson(message)));
}

async function* visible(queue: Reading, filter: QueueFilter): AsyncGenerator<QueuedMessage> {
  for await (const message of queue.list(filter))
    if (message.state !== 'purged' || filter.state === 'purged' || filter.ids) yield message;
}

/** `content`: the message itself as well. Throws CommandError where one that was named is not there. */
export async function printMessages(
  queue: Reading,
  filter: QueueFilter,
  show: { readonly content: boolean; readonly json: boolean },
  now: number,
  output: Output,
): Promise<void> {
  const missing = new Set(filter.ids);
  let count = 0;
  for await (const message of visible(queue, filter)) {
    missing.delete(message.id);
    if (show.json) {
      const content = show.content ? { content: await readAll(queue, message.id) } : {};
      await output.line(jsonLine({ ...asJson(message), ...content }));
      continue;
    }
    if (count++ > 0) await output.line('');
    for (const line of formatMessage(message, now, output)) await output.line(line);
    if (show.content) await printContent(queue, message.id, output);
  }
  if (missing.size > 0)
    throw new CommandError(
      `not in the queue: ${[...missing].map(formatQueueId).join(', ')}`,
      exit.trouble,
    );
  if (count === 0 && !show.json) await output.line('Nothing in the queue fits.');
}

/** Each octet is one character, so that nothing is hidden; what a terminal could obey is escaped. */
async function printContent(queue: Reading, id: QueueId, output: Output): Promise<void> {
  await output.line('');
  let rest = '';
  for await (const piece of queue.read(id)) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) await output.line(harmless(line));
  }
  if (rest !== '') await output.line(harmless(rest));
}

/** A tab does no harm, and folded fields begin with one. */
function harmless(line: string): string {
  return line
    .split('\t')
    .map((part) => printable(part, Number.POSITIVE_INFINITY))
    .join('\t');
}

async function readAll(queue: Reading, id: QueueId): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of queue.read(id)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

function asJson(message: QueuedMessage): object {
  const { id, receivedAt, expiresAt, keptUntil, recipients, ...rest } = message;
  return {
    id: formatQueueId(id),
    receivedAt: new Date(receivedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    keptUntil: keptUntil === null ? null : new Date(keptUntil).toISOString(),
    ...rest,
    recipients: recipients.map(({ dueAt, ...recipient }) => ({
      ...recipient,
      dueAt: new Date(dueAt).toISOString(),
    })),
  };
}
