/**
 * A line of Spillway's own log as an event: what server/smtp/log-taken.ts and delivery/log.ts wrote.
 */

import { type LogReading, unreadable } from '../../foreign/log-event.ts';
import { isNoMailbox, nameInReply } from '../../foreign/log-outcome.ts';
import { hashText } from '../../mail/text-hash.ts';

export interface OwnLine {
  /** ms since 1970; null: the line does not tell. */
  readonly at: number | null;
  readonly reading: LogReading;
}

/** One JSON document. */
export function readOwnLine(line: string): OwnLine {
  const fields = parseFields(line);
  if (!fields) return { at: null, reading: unreadable('no JSON where it begins like some') };
  if ('__REALTIME_TIMESTAMP' in fields) return { at: null, reading: asJson };
  const time = typeof fields['time'] === 'string' ? Date.parse(fields['time']) : fields['time'];
  const at = typeof time === 'number' && time >= 0 && time < endOfTime ? time : null;
  if (at === null && time !== undefined) return { at, reading: unreadable('no time that can be') };
  return { at, reading: readFields(fields) };
}

const asJson = unreadable('a form of the journal of systemd that is not read: -o export is');

/** ms since 1970: the year 10000. What adds to later times never ends. */
const endOfTime = 253_402_300_800_000;

type Fields = Readonly<Record<string, unknown>>;

function readFields(fields: Fields): LogReading {
  const id = text(fields['id']);
  if (id === null) return null;
  const { msg } = fields;
  switch (msg) {
    case 'took a message':
      return {
        kind: 'taken',
        id,
        client: text(fields['client']),
        connection: null,
        session: null,
        reversePath: text(fields['from']),
        bytes: count(fields['size']),
        recipients: count(fields['recipients']),
        about: null,
      };
    case 'notice': {
      const about = text(fields['about']);
      return about === null ? null : { kind: 'notice', id: about, child: id };
    }
    case 'delivered':
    case 'deferred':
    case 'failed': {
      const to = text(fields['to']);
      const reply = text(fields['reply']) ?? '';
      const status = /^5\d\d (5\.\d{1,3}\.\d{1,3})/.exec(reply)?.[1] ?? '';
      const isUnknown = msg === 'failed' && isNoMailbox(status, reply);
      const isExpired = msg === 'failed' && fields['reason'] === 'expired';
      return {
        kind: 'fate',
        id,
        forwardPaths: to === null ? [] : [to],
        outcome: isExpired ? 'expired' : isUnknown ? 'unknown' : msg,
        nextHop: text(fields['hop']),
        peer: text(fields['peer'])?.replace(/:\d+$/, '') ?? null,
        isInner: false,
        session: null,
        answer: hashText(reply),
        isMore: false,
        child: msg === 'delivered' ? nameInReply(reply) : null,
      };
    }
    default:
      return null;
  }
}

function parseFields(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}
