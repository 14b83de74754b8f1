/**
 * A line of OpenSMTPD's log as an event.
 *
 * `smtpd[pid]: SESSION smtp ...` and `SESSION mta ...` (smtp_session.c, mta_session.c, since 6.4). The first eight digits of an
 * envelope's name are the message's. Its own notices come in by a session of address `local`, and no
 * line ties them to what they are about.
 */
import { hashText } from '../../mail/text-hash.ts';
import { type LogReading, unreadable } from '../log-event.ts';
import { isNoMailbox, nameInReply, refusal } from '../log-outcome.ts';
import { endOfPath, endOfQuotes, isLoopbackText } from '../log-path.ts';

const session = /^[0-9a-f]{16} /;

/** `text`: behind the name of the program and its pid. */
export function readOpensmtpdMessage(text: string): LogReading {
  if (text.charCodeAt(16) !== 0x20 || !session.test(text)) return null;
  const id = text.slice(0, 16);
  if (text.startsWith('smtp ', 17)) return readSmtp(id, text, 22);
  if (text.startsWith('mta ', 17)) return readMta(id, text, 21);
  return text.startsWith('mda delivery ', 17) ? readDelivery(id, text, 30) : null;
}

function readSmtp(id: string, text: string, at: number): LogReading {
  if (text.startsWith('message msgid=', at)) {
    const found = /^([0-9a-f]{8}) size=(\d{1,15}) nrcpt=(\d{1,9}) /.exec(
      text.slice(at + 14, at + 70),
    );
    if (!found) return unreadable('no msgid, size and nrcpt of a message');
    return {
      kind: 'taken',
      id: found[1] ?? '',
      client: undefined,
      connection: hashText(id) >>> 0,
      session: id,
      reversePath: null,
      bytes: Number(found[2]),
      recipients: Number(found[3]),
      about: null,
    };
  }
  if (text.startsWith('envelope evpid=', at)) {
    const paths = readPaths(text, at + 15);
    if (!paths) return unreadable('an envelope whose addresses cannot be told');
    const { message, reversePath, forwardPath } = paths;
    return { kind: 'envelope', id: message, session: id, reversePath, forwardPath };
  }
  if (text.startsWith('connected address=', at)) {
    const address = word(text, at + 18);
    return {
      kind: 'session',
      id,
      client: address === 'local' ? null : bare(address),
      isInner: false,
    };
  }
  if (text.startsWith('disconnected ', at)) return { kind: 'end', id };
  if (text.startsWith('failed-command command="RCPT TO:<', at))
    return readRefusal(id, text, at + 32);
  return null;
}

/** `<A>..." result="550 Invalid recipient: <A>"` */
function readRefusal(id: string, text: string, bracket: number): LogReading {
  // Quotes in the address would end the command: it is not believed.
  const end = text.indexOf('>', bracket);
  const forwardPath = end < 0 ? '' : text.slice(bracket + 1, end);
  const resultAt = end < 0 ? -1 : text.indexOf('" result="', end);
  if (resultAt < 0 || /["<\s]/.test(forwardPath))
    return unreadable('a refused recipient whose end cannot be told');
  const reply = text.slice(resultAt + 10);
  const found = /^([45])\d\d (?:([45]\.\d{1,3}\.\d{1,3}) )?/.exec(reply);
  return {
    kind: 'attempt',
    id: null,
    client: null,
    connection: hashText(id) >>> 0,
    session: id,
    reversePath: null,
    forwardPath,
    outcome: refusal(found?.[1] ?? '5', found?.[2] ?? '', reply),
  };
}

function readMta(id: string, text: string, at: number): LogReading {
  if (text.startsWith('delivery ', at)) return readDelivery(id, text, at + 9);
  if (text.startsWith('connecting address=', at)) {
    const found = /^(?:[a-z+]{3,12}:\/\/)?\[?(?:IPv6:)?([0-9A-Fa-f.:]+?)\]?(?::(\d{1,5}))?$/.exec(
      word(text, at + 19),
    );
    const isInner = isLoopbackText(found?.[1] ?? '') && (found?.[2] ?? '25') !== '25';
    return isInner ? { kind: 'session', id, client: null, isInner } : null;
  }
  return text.startsWith('disconnected ', at) ? { kind: 'end', id } : null;
}

/**
 * `evpid=E from=<A> to=<B> rcpt=<C> source="..." relay="ip (name)" delay=1s result="Ok" stat="..."`; mda has `user=U`
 * and no relay.
 */
function readDelivery(id: string, text: string, at: number): LogReading {
  if (!text.startsWith('evpid=', at)) return unreadable('no evpid of a delivery');
  const paths = readPaths(text, at + 6);
  if (!paths) return unreadable('a delivery whose addresses cannot be told');
  const relay = quoted(text, ' relay="', paths.end);
  const result = quoted(text, ' result="', relay?.end ?? paths.end) ?? bareResult(text, paths.end);
  if (!result) return unreadable('no result of a delivery');
  const statAt = text.indexOf(' stat=', result.end);
  const reply = statAt < 0 ? '' : text.slice(statAt + 6).replace(/^"|"$/g, '');
  const outcome =
    result.value === 'Ok' ? 'delivered' : result.value === 'PermFail' ? failure(reply) : 'deferred';
  const place = /^(\S+) \((.*)\)$/.exec(relay?.value ?? '');
  const peer = place ? bare(place[1] ?? '') : null;
  return {
    kind: 'fate',
    id: paths.message,
    forwardPaths: [paths.forwardPath],
    outcome,
    nextHop: place?.[2] ?? relay?.value ?? null,
    peer,
    isInner: false,
    session: id,
    answer: hashText(reply),
    isMore: false,
    child: outcome === 'delivered' ? nameInReply(reply) : null,
  };
}

function failure(reply: string): 'unknown' | 'failed' {
  const status = /^5\d\d (5\.\d{1,3}\.\d{1,3}) /.exec(reply)?.[1] ?? '';
  return isNoMailbox(status, reply) ? 'unknown' : 'failed';
}

/** `E from=<A> to=<B>` */
function readPaths(text: string, at: number) {
  const message = text.slice(at, at + 8);
  if (!/^[0-9a-f]{8}$/.test(message) || !text.startsWith(' from=<', at + 16)) return null;
  const from = at + 22;
  const fromEnd = endOfPath(text, from);
  if (fromEnd < 0 || !text.startsWith(' to=<', fromEnd + 1)) return null;
  const to = fromEnd + 5;
  const end = endOfPath(text, to);
  if (end < 0) return null;
  return {
    message,
    reversePath: text.slice(from + 1, fromEnd),
    forwardPath: text.slice(to + 1, end),
    end: end + 1,
  };
}

function quoted(text: string, field: string, from: number): { value: string; end: number } | null {
  const at = text.indexOf(field, from);
  if (at < 0) return null;
  const start = at + field.length - 1;
  const end = endOfQuotes(text, start);
  return end < 0 ? null : { value: text.slice(start + 1, end), end: end + 1 };
}

/** ` result=Ok stat=Delivered`: mda has no quotes before 7.0. */
function bareResult(text: string, from: number): { value: string; end: number } | null {
  const at = text.indexOf(' result=', from);
  if (at < 0) return null;
  const value = word(text, at + 8);
  return { value, end: at + 8 + value.length };
}

function word(text: string, at: number): string {
  const blank = text.indexOf(' ', at);
  return text.slice(at, blank < 0 ? text.length : blank);
}

/** Without the brackets of IPv6. */
function bare(address: string): string {
  return address.replace(/^\[(?:IPv6:)?/, '').replace(/\]$/, '');
}
