/**
 * What an entry of a map says, as the text that the table keeps, and back.
 */
import type { MapEntry } from '../foreign/map-entry.ts';
import { type Reply, replies } from '../mail/reply.ts';
import type { RecipientFacts } from '../verdict/recipient-facts.ts';

/** '' for a mailbox, the targets one on each line, or `!` and the words of a refusal. */
export function formatMapValue(value: MapEntry['value']): string {
  switch (value.kind) {
    case 'exists':
      return '';
    case 'alias':
      return value.targets.join('\n');
    case 'error':
      return `!${value.text}`;
  }
}

/** The octet that a refusal begins with. */
export const refusalMark = 0x21;

/** Of an alias. */
export function readTargets(value: string): string[] {
  return value.split('\n');
}

/**
 * sendmail's `error:` with what follows it: `nouser No such user`, `5.7.1:550 Not here`, `550 Not
 * here` (cf/README, FEATURE(virtusertable)). Null for all but a refusal.
 */
export function readRefusal(value: string, how: string): RecipientFacts | null {
  if (!value.startsWith('!')) return null;
  const found = /^(?:([245]\.\d{1,3}\.\d{1,3}):)?"?(?:([45]\d\d)\s)?\s*(.*?)"?$/s.exec(
    value.slice(1),
  );
  const [, status = '', code = '', words = ''] = found ?? [];
  if (status.startsWith('4') || code.startsWith('4'))
    return { kind: 'uncertain', detail: `${how} defers it` };
  const isOther = (status !== '' && status !== '5.1.1') || (code !== '' && code !== '550');
  if (!isOther) return { kind: 'unknown', how: `${how} refuses it` };
  return { kind: 'refused', reply: replyOf(code, status, words), how: `${how} refuses it` };
}

function replyOf(code: string, status: string, words: string): Reply {
  const text = words.replace(/[^\u0020-\u007e]/g, '?').slice(0, 400);
  return {
    code: code === '' ? 550 : Number(code),
    status: status.startsWith('5') ? status : '5.0.0',
    text: text === '' ? replies.mailboxUnknown.text : text,
  };
}
