/**
 * A line of Exim's main log as an event.
 *
 * Specification, chapter "Log files": `ID FLAG address fields`, without the time. `R=` is the parent's id on the line
 * of a notice and the router elsewhere. What other servers said stands behind `: ` or in `C="..."`.
 */
import { type LogReading, unreadable } from '../log-event.ts';
import { endOfNumber, numberOf } from '../log-number.ts';
import { type FateOutcome, isNoMailbox, nameInReply, refusal } from '../log-outcome.ts';
import { bracketedIp, endOfBarePath, endOfPath, endOfQuotes, isLoopbackText } from '../log-path.ts';
import { isMessageId } from './message-id.ts';

/** `text`: behind the time, the zone and the pid. */
export function readEximMessage(text: string): LogReading {
  if (text.startsWith('H=')) return readRefusal(text);
  const idEnd = text.indexOf(' ');
  if (idEnd !== 16 && idEnd !== 23) return null;
  const id = text.slice(0, idEnd);
  if (!isMessageId(id)) return null;
  const at = idEnd + 1;
  const flag = text.slice(at, at + 3);
  switch (flag) {
    case '<= ':
      return readArrival(id, text, at + 3);
    case '=> ':
    case '-> ':
    case '>> ':
    case '** ':
    case '== ':
      return readDelivery(id, flag, text, at + 3);
    case 'Com':
      return text.endsWith(' Completed') || text.startsWith('Completed ', at)
        ? { kind: 'end', id }
        : null;
    default:
      return text.startsWith('H=', at) ? readRefusal(text.slice(at)) : null;
  }
}

/** `<= A H=host (helo) [ip]:port P=esmtp S=N id=...`, `<= <> R=PARENT U=user P=local S=N` */
function readArrival(id: string, text: string, at: number): LogReading {
  const end = endOfBarePath(text, at);
  if (end < 0) return unreadable('a sender whose end cannot be told');
  const path = text.slice(at, end);
  const fields = readFields(text, end);
  if (!fields || fields.size === null) return unreadable('no size of what came in');
  return {
    kind: 'taken',
    id,
    client: fields.address,
    connection: null,
    session: null,
    reversePath: path === '<>' ? '' : path,
    bytes: fields.size,
    recipients: fields.recipients,
    about:
      path === '<>' && fields.router !== null && isMessageId(fields.router) ? fields.router : null,
  };
}

/** `=> A <original> F=<sender> R=router T=transport H=host [ip] C="250 OK"`, `** A R=... : reason`, `== A R=... defer (-18): reason` */
function readDelivery(id: string, flag: string, text: string, start: number): LogReading {
  let end = endOfBarePath(text, start);
  if (end < 0) return unreadable('a recipient whose end cannot be told');
  let path = text.slice(start, end);
  // `** A: reason` has no fields, and a colon behind the address.
  const isBare = (flag === '** ' || flag === '== ') && path.endsWith(':');
  if (isBare) path = path.slice(0, -1);
  let original = path;
  if (!isBare && text.startsWith(' <', end)) {
    const close = endOfPath(text, end + 1);
    if (close < 0) return unreadable('a recipient whose end cannot be told');
    original = text.slice(end + 2, close);
    end = close + 1;
  }
  const isDropped = path === 'discarded' || path.startsWith(':blackhole:');
  const fields = isBare ? noFields(text.slice(end + 1)) : readFields(text, end);
  if (!fields) return unreadable('fields whose end cannot be told');
  const outcome = isDropped ? 'dropped' : outcomeOf(flag, fields.words);
  const isHanded = outcome === 'delivered' && fields.reply !== '';
  return {
    kind: 'fate',
    id,
    // `user <user@example.org>`: the second is what was asked for. /dev/null and pipes have no address.
    forwardPaths: [
      path.includes('@') && !isDropped ? path : original.includes('@') ? original : path,
    ],
    outcome,
    nextHop: fields.host ?? fields.transport,
    peer: fields.address,
    isInner: fields.address !== null && isLoopbackText(fields.address) && fields.isOtherPort,
    session: null,
    answer: null,
    isMore: flag === '-> ',
    child: isHanded ? nameInReply(fields.reply) : null,
  };
}

function outcomeOf(flag: string, words: string): FateOutcome {
  if (flag === '** ') {
    const status = /\b5\d\d[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(words)?.[1] ?? '';
    if (/^retry timeout exceeded/.test(words)) return 'expired';
    return isNoMailbox(status, words) ? 'unknown' : 'failed';
  }
  return flag === '== ' ? 'deferred' : 'delivered';
}

/** `H=(helo) [ip] F=<A> rejected RCPT <B>: reason`, with fields between, `temporarily rejected` as well. */
function readRefusal(text: string): LogReading {
  const fields = readFields(` ${text}`, 0, 'F=<');
  if (!fields) return null;
  const from = fields.end;
  if (!text.startsWith('F=<', from)) return null;
  const senderEnd = endOfPath(text, from + 2);
  if (senderEnd < 0) return unreadable('a refused sender whose end cannot be told');
  const found = /^ (?:A=\S+ )?(temporarily )?rejected (RCPT|MAIL|after DATA)/.exec(
    text.slice(senderEnd + 1, senderEnd + 340),
  );
  if (!found) return null;
  const rest = senderEnd + 1 + found[0].length;
  let words = rest;
  let forwardPath: string | null = null;
  if (found[2] === 'RCPT') {
    if (!text.startsWith(' <', rest)) return unreadable('no recipient behind RCPT');
    const end = endOfPath(text, rest + 1);
    if (end < 0) return unreadable('a refused recipient whose end cannot be told');
    forwardPath = text.slice(rest + 2, end);
    words = end + 1;
  }
  return {
    kind: 'attempt',
    id: null,
    client: fields.address,
    connection: null,
    session: null,
    reversePath: text.slice(from + 3, senderEnd),
    forwardPath,
    outcome: refusal(found[1] ? '4' : '5', '', text.slice(words)),
  };
}

interface Fields {
  host: string | null;
  address: string | null;
  isOtherPort: boolean;
  transport: string | null;
  router: string | null;
  size: number | null;
  /** Null: the line does not tell. */
  recipients: number | null;
  /** What the next hop said when it took the message. */
  reply: string;
  /** Behind the fields. */
  words: string;
  end: number;
}

function noFields(words: string): Fields {
  return {
    host: null,
    address: null,
    isOtherPort: false,
    transport: null,
    router: null,
    size: null,
    recipients: null,
    reply: '',
    words,
    end: 0,
  };
}

/** Letters of the name of a field, at most. */
const longestName = 8;
const [blank, equals, quoteMark, less, colonMark] = [0x20, 0x3d, 0x22, 0x3c, 0x3a];

/** ` H=host (helo) [ip]:port P=esmtp C="250 OK": words`, from a blank on; null: quotes that never end. */
function readFields(text: string, start: number, until = ''): Fields | null {
  const fields = noFields('');
  let at = start;
  for (;;) {
    const from = beginOfValue(text, at);
    if (from < 0 || (until !== '' && text.startsWith(until, at + 1))) break;
    const isShort = from === at + 3;
    const name = isShort ? text.charCodeAt(at + 1) : 0;
    const first = text.charCodeAt(from);
    if (name === 0x48) at = readHost(text, from, fields);
    else if (first === quoteMark || first === less) {
      const end = first === less ? endOfPath(text, from) : endOfQuotes(text, from);
      if (end < 0) return null;
      if (name === 0x43) fields.reply = text.slice(from + 1, end);
      at = end + 1;
    } else {
      const end = text.indexOf(' ', from);
      at = end < 0 ? text.length : end;
      if (name !== 0)
        takeField(fields, name, text, from, text.charCodeAt(at - 1) === colonMark ? at - 1 : at);
    }
  }
  fields.end = at;
  fields.words = text.slice(text.charCodeAt(at) === colonMark ? at + 2 : at + 1);
  const list = fields.size === null ? -1 : text.indexOf(' for ', at);
  // `for A B C` with log_selector = +received_recipients
  if (list >= 0) fields.recipients = Math.max(1, text.slice(list + 5).split(' ').length);
  return fields;
}

/** Behind ` NAME=`; -1: there is no field. */
function beginOfValue(text: string, at: number): number {
  if (text.charCodeAt(at) !== blank) return -1;
  for (let i = at + 1; i <= at + 1 + longestName; i++) {
    const code = text.charCodeAt(i);
    if (code === equals) return i === at + 1 ? -1 : i + 1;
    // Upper or lower case.
    if ((code | 0x20) < 0x61 || (code | 0x20) > 0x7a) return -1;
  }
  return -1;
}

function takeField(fields: Fields, name: number, text: string, from: number, end: number): void {
  switch (name) {
    case 0x54: // T
      fields.transport = text.slice(from, end);
      break;
    case 0x52: // R
      fields.router = text.slice(from, end);
      break;
    case 0x53: // S
      if (endOfNumber(text, from) === end) fields.size = numberOf(text, from, end);
      break;
  }
}

/** `host (helo) [ip]:port`, host or helo may be missing. Gives where it ends; what is none of it is passed over. */
function readHost(text: string, from: number, fields: Fields): number {
  const skip = () => {
    const end = text.indexOf(' ', from);
    return end < 0 ? text.length : end;
  };
  let at = from;
  for (let code = text.charCodeAt(at); code > blank && code !== 0x28 && code !== 0x5b; )
    code = text.charCodeAt(++at);
  const name = at === from ? null : text.slice(from, at);
  if (name !== null && text.charCodeAt(at) === blank) at++;
  if (text.charCodeAt(at) === 0x28) {
    // What a client calls itself: anything but blanks.
    const close = text.indexOf(') [', at);
    if (close < 0 || text.slice(at, close).includes(' ')) return skip();
    at = close + 2;
  }
  const close = text.charCodeAt(at) === 0x5b ? text.indexOf(']', at) : -1;
  if (close < 0) return skip();
  fields.address = bracketedIp(text.slice(at, close + 1));
  fields.host = name ?? fields.address;
  if (text.charCodeAt(close + 1) !== colonMark) return close + 1;
  const end = endOfNumber(text, close + 2);
  if (end < 0) return close + 1;
  fields.isOtherPort = text.slice(close + 2, end) !== '25';
  return end;
}
