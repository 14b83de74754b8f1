/**
 * The part of a notice that people read.
 */
import type { Notice, NoticeAction, NoticeRecipient } from './notice.ts';
import { cleanText, wordsOf } from './notice-field.ts';
import { printable } from './printable.ts';

const titles: Readonly<Record<NoticeAction, string>> = {
  failed: 'could not be delivered to:',
  delayed: 'could not be delivered yet, and will be tried further, to:',
  delivered: 'was delivered to:',
  relayed: 'was handed on to a server that sends no reports, for:',
};
const order: readonly NoticeAction[] = ['failed', 'delayed', 'delivered', 'relayed'];

/** In ASCII, and the same for all: what a stranger wrote does not belong into a subject. */
export function subjectOf(recipients: readonly NoticeRecipient[]): string {
  const actions = new Set(recipients.map(({ action }) => action));
  if (actions.has('failed'))
    return actions.size > 1
      ? 'Your message could not be delivered to everybody'
      : 'Your message could not be delivered';
  return actions.has('delayed') ? 'Your message is delayed' : 'Your message was delivered';
}

/** Lines ended by CRLF. */
export function formatText(notice: Notice): string {
  const lines = [`This is the mail server ${notice.reportingMta}.`];
  for (const action of order) {
    const those = notice.recipients.filter((one) => one.action === action);
    if (those.length === 0) continue;
    lines.push('', `Your message ${titles[action]}`);
    for (const one of those) lines.push('', ...formatRecipient(one));
  }
  lines.push('', `The message is known here as ${notice.about.queueId}.`);
  if (notice.recipients.every(({ action }) => action === 'delayed'))
    lines.push('You need not send it again.');
  if (notice.returned)
    lines.push(
      notice.returned.kind === 'full'
        ? 'A copy of it is attached.'
        : 'A copy of its header is attached.',
    );
  return lines.map((line) => `${line}\r\n`).join('');
}

function formatRecipient({ forwardPath, why, reply, peer }: NoticeRecipient): string[] {
  const lines = wrap(`<${readable(forwardPath)}>`, '  ');
  if (why !== null) lines.push(...wrap(readable(why)));
  if (reply === null) return lines;
  const words = readable(`${reply.code} ${reply.status} ${reply.text}`);
  lines.push(...wrap(peer === null ? words : `${readable(peer)} said: ${words}`));
  return lines;
}

/** At blanks, to lines of 72 characters. */
function wrap(text: string, indent = '    '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(text)) {
    if (line !== '' && line.length + 1 + word.length > 68) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((one) => `${indent}${one}`);
}

/** Marks that reorder or hide text are shown, not obeyed. */
function readable(text: string): string {
  return printable(cleanText(text, true), Number.POSITIVE_INFINITY);
}
