/**
 * A command line: its verb and what follows.
 *
 * RFC 5321 §4.1.1 and §2.4 (verbs in any case, blanks at the end tolerated), RFC 6531 §3.5 (UTF-8).
 */
import { isUtf8 } from 'node:buffer';
import { type Reply, replies } from '../../mail/reply.ts';

export interface Command {
  readonly kind: 'command';
  /** In upper case. */
  readonly verb: string;
  /** Without blanks around it. */
  readonly argument: string;
}

export type Unreadable = { readonly kind: 'unreadable'; readonly reply: Reply };

/**
 * Octets of a command line. RFC 5321 §4.5.3.1.4 has 512 with CRLF; extensions add up to 1,000 for MAIL
 * and 500 for RCPT, and that much is simply allowed for all.
 */
const longestCommand = 2046;

const blank = 32;
const beyondAscii = /[^\x20-\x7e]/;
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** Text in an SMTP command is ASCII, or UTF-8 where SMTPUTF8 allows it; no control character. */
export function readCommand(line: Buffer): Command | Unreadable {
  if (line.length > longestCommand) return unreadable(replies.commandTooLong);
  const ascii = line.toString('latin1');
  const text = beyondAscii.test(ascii) ? readUtf8(line) : ascii;
  return typeof text === 'string' ? splitCommand(text) : text;
}

function readUtf8(line: Buffer): string | Unreadable {
  if (!isUtf8(line)) return unreadable(replies.notUtf8);
  const text = line.toString('utf8');
  return control.test(text) ? unreadable(replies.controlInCommand) : text;
}

function splitCommand(text: string): Command {
  const gap = text.indexOf(' ');
  const verb = gap < 0 ? text : text.slice(0, gap);
  let start = gap < 0 ? text.length : gap;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === blank) start++;
  while (end > start && text.charCodeAt(end - 1) === blank) end--;
  return { kind: 'command', verb: verb.toUpperCase(), argument: text.slice(start, end) };
}

function unreadable(reply: Reply): Unreadable {
  return { kind: 'unreadable', reply };
}

/** Whether all of it is ASCII; a command holds no control characters. */
export function isAscii(text: string): boolean {
  return !beyondAscii.test(text);
}
