/**
 * What a filter answers: typed replies become frames.
 *
 * sendmail sendmail/milter.c, Postfix src/milter/milter8.c. Both are strict: a payload where none
 * belongs is a protocol error, and so is a status code of another class than its reply code.
 */
import type { Reply } from '../../mail/reply.ts';
import { formatFrame, formatStrings, formatUint32 } from './frames.ts';

export type MilterReply =
  /**
   * `accept` at the connection or HELO holds for the whole connection. `skip` is meant for the body
   * only. sendmail takes `progress` (still at work) after the end of the message only.
   */
  | { readonly kind: BareKind }
  /** A refusal or deferral in our own words. */
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** All that follow: after the end of the message only, and only if that action was negotiated. */
  | { readonly kind: 'quarantine'; readonly reason: string }
  | { readonly kind: 'deleteRecipient'; readonly path: string }
  | {
      readonly kind: 'addRecipient' | 'changeSender';
      readonly path: string;
      /** ESMTP parameters: `NOTIFY=NEVER`. */
      readonly parameters: readonly string[];
    }
  | { readonly kind: 'addHeader'; readonly name: string; readonly value: string }
  /** Position 0 is above all others. */
  | {
      readonly kind: 'insertHeader';
      readonly position: number;
      readonly name: string;
      readonly value: string;
    }
  /** The `index`th header of that name, from 1; an empty value deletes it. */
  | {
      readonly kind: 'changeHeader';
      readonly index: number;
      readonly name: string;
      readonly value: string;
    }
  /** Repeat it for a long body; Postfix allows no other edit in between. */
  | { readonly kind: 'replaceBody'; readonly chunk: Uint8Array };

type BareKind = keyof typeof bare;

const bare = {
  continue: formatFrame('c'),
  accept: formatFrame('a'),
  reject: formatFrame('r'),
  tempfail: formatFrame('t'),
  discard: formatFrame('d'),
  skip: formatFrame('s'),
  progress: formatFrame('p'),
} as const;

export function formatMilterReply(reply: MilterReply): Uint8Array {
  switch (reply.kind) {
    case 'reply':
      return formatReply(reply.reply);
    case 'quarantine':
      return formatFrame('q', formatStrings(printableLine(reply.reason) || 'quarantined'));
    case 'deleteRecipient':
      return formatFrame('-', formatStrings(reply.path));
    case 'addRecipient':
      return reply.parameters.length === 0
        ? formatFrame('+', formatStrings(reply.path))
        : formatFrame('2', formatStrings(reply.path, reply.parameters.join(' ')));
    case 'changeSender':
      return formatFrame('e', formatStrings(reply.path, ...joined(reply.parameters)));
    case 'addHeader':
      return formatFrame('h', formatStrings(reply.name, reply.value));
    case 'insertHeader':
      return formatFrame('i', formatUint32(reply.position), formatStrings(reply.name, reply.value));
    case 'changeHeader':
      return formatFrame('m', formatUint32(reply.index), formatStrings(reply.name, reply.value));
    case 'replaceBody':
      return formatFrame('b', reply.chunk);
    default:
      return bare[reply.kind];
  }
}

/** Where our own words cannot be sent, the mail server's own: `r` for a refusal, `t` for a deferral. */
function formatReply(reply: Reply): Uint8Array {
  const text = printableLine(reply.text);
  const fits =
    Number.isInteger(reply.code) &&
    reply.code >= 400 &&
    reply.code <= 599 &&
    text !== '' &&
    /^[45]\.\d{1,3}\.\d{1,3}$/.test(reply.status) &&
    reply.status[0] === String(reply.code)[0];
  if (!fits) return reply.code >= 400 && reply.code <= 499 ? bare.tempfail : bare.reject;
  // sendmail takes the text as a format string: every % is doubled; Postfix halves them again.
  const line = `${reply.code} ${reply.status} ${text}`.replaceAll('%', '%%');
  return formatFrame('y', formatStrings(line));
}

function joined(parameters: readonly string[]): string[] {
  return parameters.length > 0 ? [parameters.join(' ')] : [];
}

/** One line of printable US-ASCII, short enough for a reply line of 512 octets (RFC 5321 §4.5.3.1.5). */
function printableLine(text: string): string {
  return text
    .slice(0, 2000)
    .replace(/[^\u0020-\u007e]+/g, ' ')
    .trim()
    .slice(0, 450);
}
