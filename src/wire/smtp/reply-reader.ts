/**
 * The replies of a server, read from its bytes: several lines, any split, bounded.
 *
 * RFC 5321 §4.2.1 (reply format), RFC 2034 §3 (enhanced codes).
 */
import { printable } from '../../mail/printable.ts';
import type { Reply } from '../../mail/reply.ts';
import { cutLines } from './crlf-lines.ts';

export interface SmtpReply {
  readonly code: number;
  /** Texts after the code, one for each line, bytes as Latin-1. */
  readonly lines: readonly string[];
}

export type ReplyEvent =
  | { readonly kind: 'reply'; readonly reply: SmtpReply }
  /** The bytes are no SMTP; nothing after this makes sense. */
  | { readonly kind: 'fault'; readonly problem: string };

export interface ReplyReader {
  push(bytes: Buffer): ReplyEvent[];
  /** Bytes of an unfinished reply wait here. */
  readonly isInside: boolean;
}

/** RFC 5321 §4.5.3.1.5 allows 512 octets a line; servers exceed it. */
const longestLine = 4096;
const mostLines = 128;

export function createReplyReader(): ReplyReader {
  let rest: Buffer = Buffer.alloc(0);
  let begun: string[] = [];
  let broken = false;

  const take = (line: string): ReplyEvent | null => {
    const parts = /^([2-5][0-9][0-9])(?:([ -])(.*))?$/s.exec(line);
    if (!parts) return { kind: 'fault', problem: 'a line that is no SMTP reply' };
    begun.push(parts[3] ?? '');
    if (parts[2] === '-')
      return begun.length < mostLines ? null : { kind: 'fault', problem: 'a reply without end' };
    // RFC 5321 §4.2.1: the code of the last line counts.
    const reply = { code: Number(parts[1]), lines: begun };
    begun = [];
    return { kind: 'reply', reply };
  };

  return {
    get isInside() {
      return rest.length > 0 || begun.length > 0;
    },
    push(bytes) {
      if (broken) return [];
      const cut = cutLines(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]), longestLine);
      rest = cut.rest;
      const events: ReplyEvent[] = [];
      for (const line of cut.lines) {
        const event = take(line.toString('latin1'));
        if (event) events.push(event);
        broken = event?.kind === 'fault';
        if (broken) return events;
      }
      if (cut.tooLong) {
        broken = true;
        events.push({ kind: 'fault', problem: 'a reply line without end' });
      }
      return events;
    },
  };
}

/** `550 5.1.1 No such mailbox`, all lines in one. */
export function formatSmtpReply(reply: SmtpReply): string {
  return `${reply.code} ${reply.lines.join(' ')}`.trim();
}

const enhanced = /^([245])\.(\d{1,3})\.(\d{1,3})(?: +|$)/;

/**
 * What a server said, for receipts and notices: status apart from the text, the text on one line, cut
 * at `longestText`, UTF-8 where it is that and else Latin-1, escaped as by printable().
 */
export function replyOf({ code, lines }: SmtpReply): Reply {
  let status: string | null = null;
  const texts: string[] = [];
  for (const line of lines) {
    const found = enhanced.exec(line);
    // RFC 2034 §4: the class says the same as the first digit of the code, or it is no status.
    const isStatus = found !== null && Number(found[1]) === Math.floor(code / 100);
    if (isStatus) status ??= found[0].trimEnd();
    texts.push(isStatus ? line.slice(found[0].length) : line);
  }
  const text = texts.join(' ').trim();
  return { code, status: status ?? `${Math.floor(code / 100)}.0.0`, text: readable(text) };
}

const longestText = 1000;

function readable(latin1: string): string {
  if (/^[ -~]*$/.test(latin1)) return printable(latin1, longestText);
  const bytes = Buffer.from(latin1, 'latin1');
  const utf8 = bytes.toString('utf8');
  return printable(utf8.includes('\ufffd') ? latin1 : utf8, longestText);
}
