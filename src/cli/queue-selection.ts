/**
 * Which messages of the queue a command means: names, or what they have in common.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { comparableDomain, withoutBrackets } from '../mail/address.ts';
import { parseDuration } from '../mail/quantity.ts';
import { parseQueueId, type QueueId } from '../mail/queue-id.ts';
import { quote } from '../mail/shell-word.ts';
import type { MessageState, QueueFilter } from '../store/queue-store.ts';
import { oneOf, readReason } from './choices.ts';
import { CommandError } from './exit.ts';

export interface SelectionOptions {
  readonly sender?: string;
  readonly recipient?: string;
  readonly domain?: string;
  readonly reason?: NonNullable<QueueFilter['reason']>;
  readonly state?: MessageState;
  /** ms */
  readonly older?: number;
  readonly newer?: number;
  readonly all?: true;
}

const states = ['queued', 'held', 'purged', 'kept'] as const satisfies readonly MessageState[];

export function addSelection(command: Command): Command {
  return command
    .argument('[id...]', 'names of messages, as "queue list" shows them', collectId)
    .option('--sender <address>', 'only from this sender; * stands for anything, <> for no sender')
    .option('--recipient <address>', 'only to this recipient; * stands for anything')
    .option('--domain <domain>', 'only to recipients of this domain')
    .option('--reason <reason>', 'only what waits for this reason, such as dns-failure', readReason)
    .option('--state <state>', `only: ${states.join(', ')}`, oneOf(states))
    .option('--older <duration>', 'only what came longer ago: 30m, 2h, 5d', readAge)
    .option('--newer <duration>', 'only what came since: 30m, 2h, 5d', readAge);
}

/** `now`: ms since 1970. */
export function filterOf(
  ids: readonly QueueId[],
  options: SelectionOptions,
  now: number,
): QueueFilter {
  const { sender, recipient, domain, reason, state, older, newer } = options;
  return {
    ...(ids.length > 0 && { ids }),
    ...(sender !== undefined && { sender: withoutBrackets(sender) }),
    ...(recipient !== undefined && { recipient: withoutBrackets(recipient) }),
    ...(domain !== undefined && { domain: comparableDomain(domain) }),
    ...(reason && { reason }),
    ...(state && { state }),
    ...(older !== undefined && { receivedBefore: now - older }),
    ...(newer !== undefined && { receivedAfter: now - newer }),
  };
}

/** What changes the queue says which messages it means. Throws CommandError where it does not. */
export function requireSelection(filter: QueueFilter, options: SelectionOptions): void {
  const isSelected = Object.keys(filter).length > 0;
  if (!isSelected && !options.all)
    throw new CommandError(
      'which messages? Name them, or say --sender, --recipient, --domain, --reason, --state, --older or --newer; --all means every one',
    );
  if (isSelected && options.all)
    throw new CommandError('--all means every message and goes with no other selection');
}

/** The same selection as it is typed, for the command that takes a change back. */
export function formatSelection(ids: readonly string[], options: SelectionOptions): string {
  const { sender, recipient, domain, reason } = options;
  const told = Object.entries({ sender, recipient, domain, reason }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${quote(value)}`],
  );
  return [...ids, ...told].join(' ');
}

function collectId(text: string, earlier: readonly QueueId[] = []): readonly QueueId[] {
  const id = parseQueueId(text);
  if (id === null) throw new InvalidArgumentError('Expected the name of a message.');
  return [...earlier, id];
}

function readAge(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('Expected a duration such as 30m, 2h or 5d.');
  return ms;
}
