/**
 * Messages of the queue as lines that an admin understands.
 */

import { printable } from '../mail/printable.ts';
import { formatQueueId } from '../mail/queue-id.ts';
import { formatReply } from '../mail/reply.ts';
import type { QueuedMessage, QueuedRecipient } from '../store/queue-store.ts';
import { reasonWords } from '../verdict/reasons.ts';
import { describeProof } from '../verdict/sender-proof.ts';
import { isReason } from './choices.ts';
import {
  formatDuration,
  formatLocalTime,
  formatNumber,
  formatSize,
  type Output,
  type Style,
} from './output.ts';

const styles: { readonly [state in QueuedMessage['state']]: Style } = {
  queued: 'green',
  held: 'yellow',
  purged: 'magenta',
  kept: 'blue',
};

const kinds: { readonly [kind in QueuedMessage['kind']]: string } = {
  mail: 'mail',
  notice: 'a notice of our own',
  alert: 'an alert of our own',
};

/** On one line, so that grep finds whole messages. */
export function formatLine(message: QueuedMessage, now: number, output: Output): string {
  const { id, receivedAt, state, size, sender, recipients } = message;
  const waiting = recipients.filter((recipient) => recipient.state === 'waiting');
  const [first, ...others] = waiting.length > 0 ? waiting : recipients;
  const more = others.length > 0 ? ` and ${formatNumber(others.length)} more` : '';
  const parts = [
    formatQueueId(id),
    output.style('dim', formatLocalTime(receivedAt)),
    formatSize(size).padStart(8),
    output.style(styles[state], message.isClaimed ? 'under way' : state.padEnd(9)),
    `from <${printable(sender.reversePath)}>`,
    `to <${printable(first?.forwardPath ?? '')}>${more}`,
  ];
  if (state === 'queued' && first && waiting.length > 0) parts.push(formatNext(first, now));
  const last = first && formatLast(first);
  if (last) parts.push(last);
  return parts.join('  ');
}

/** All that is known of one message, apart from its content. */
export function formatMessage(message: QueuedMessage, now: number, output: Output): string[] {
  const { sender, client, proof, keptUntil, state } = message;
  const row = (name: string, text: string) => `  ${name.padEnd(10)} ${text}`;
  const age = formatDuration(Math.max(now - message.receivedAt, 0));
  const parameters = [
    sender.body === '7bit' ? null : sender.body.toUpperCase(),
    sender.smtpUtf8 ? 'SMTPUTF8' : null,
    sender.ret === null ? null : `RET=${sender.ret.toUpperCase()}`,
    sender.envid === null ? null : `ENVID=${printable(sender.envid)}`,
  ].filter((text) => text !== null);
  const kept = keptUntil === null ? '' : `, until ${formatLocalTime(keptUntil)}`;
  const underWay = message.isClaimed ? ', being delivered now' : '';
  const lines = [
    output.style('bold', formatQueueId(message.id)),
    row('state', `${output.style(styles[state], state)}${kept}${underWay}`),
    row('kind', kinds[message.kind]),
    row('from', [`<${printable(sender.reversePath)}>`, ...parameters].join(' ')),
    row('proof', printable(describeProof(proof) ?? 'nothing proves the sender')),
    row('size', `${formatNumber(message.size)} octets`),
    row('received', `${formatLocalTime(message.receivedAt)}, ${age} ago`),
    row('given up', formatLocalTime(message.expiresAt)),
  ];
  if (client) {
    const names = [client.name, client.helo === null ? null : `HELO ${client.helo}`];
    const told = names.filter((name) => name !== null).map((name) => printable(name));
    const details = told.length > 0 ? ` (${told.join(', ')})` : '';
    lines.push(row('client', `${printable(client.address ?? 'unknown')}${details}`));
  }
  for (const recipient of message.recipients) lines.push(...formatRecipient(recipient, now, state));
  return lines;
}

function formatRecipient(
  recipient: QueuedRecipient,
  now: number,
  state: QueuedMessage['state'],
): string[] {
  const { forwardPath, original, attempts, notify } = recipient;
  const asked = original === forwardPath ? '' : ` (asked for <${printable(original)}>)`;
  const wish = notify === null ? '' : ` NOTIFY=${notify.join(',').toUpperCase() || 'NEVER'}`;
  const tries = attempts === 1 ? 'once' : `${formatNumber(attempts)} times`;
  const waits = recipient.state === 'waiting' && state === 'queued';
  const told = [
    recipient.state,
    attempts === 0 ? 'not tried yet' : `tried ${tries}`,
    ...(waits ? [formatNext(recipient, now)] : []),
  ];
  const last = formatLast(recipient);
  return [
    `  to         <${printable(forwardPath)}>${asked}${wish}`,
    `             ${told.join(', ')}`,
    ...(last ? [`             ${last}`] : []),
  ];
}

function formatNext({ dueAt }: QueuedRecipient, now: number): string {
  if (dueAt <= now) return 'due now';
  return `next try ${formatLocalTime(dueAt)} (in ${formatDuration(dueAt - now)})`;
}

function formatLast({ reply, reason }: QueuedRecipient): string | null {
  const words = reason !== null && isReason(reason) ? reasonWords[reason] : reason;
  const said = reply === null ? null : printable(formatReply(reply));
  if (words === null) return said && `last: ${said}`;
  return said === null ? printable(words) : `last: ${said} (${printable(words)})`;
}
