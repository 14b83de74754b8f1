/**
 * A line of sendmail's log as an event.
 *
 * `ID: from=...` (headers.c, logsender), `ID: to=...` (deliver.c, logdelivery), `PARENT: CHILD: WORD: reason`
 * (savemail.c), `ID: ruleset=..., reject=...` (srvrsmtp.c). Texts of other servers stand in `reply=` and `stat=`.
 */
import { hashText } from '../../mail/text-hash.ts';
import { type ConnectionNumber, type LogReading, unreadable } from '../log-event.ts';
import { type FateOutcome, isNoMailbox, nameInReply, refusal } from '../log-outcome.ts';
import { bracketedIp, endOfPath, isLoopbackText } from '../log-path.ts';

const id = /^[0-9A-Za-z]{9,24}$/;

/** Base 60: 0 to 9, A to Z, a to x. */
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx';

/**
 * Year, month (0 to 11) and day of a name, which its first three characters tell (queue.c): the year
 * that fits of those from 1990 on. Null: it is no such name.
 */
export function dayOfId(text: string): readonly [year: number, month: number, day: number] | null {
  const [year = -1, month = -1, day = -1] = [0, 1, 2].map((at) => digits.indexOf(text.charAt(at)));
  if (!id.test(text) || year < 0 || month > 11 || month < 0 || day < 1 || day > 31) return null;
  // Years since 1900, modulo 60: 30 is 1990, 29 is 2049.
  return [year >= 30 ? 1960 + year : 2020 + year, month, day];
}

/**
 * The process that gave a message its name, as a number: the daemon has one for each connection. The first six
 * characters are when it gave the first name, the last ones its pid; between them, by one or two characters, it counts
 * its messages (queue.c, assign_queueid).
 */
function processOf(name: string): ConnectionNumber | null {
  return name === 'NOQUEUE' ? null : hashText(name.slice(0, 6) + name.slice(8)) >>> 0;
}

/** `text`: behind the name of the program and its pid. */
export function readSendmailMessage(text: string): LogReading {
  const colon = text.indexOf(': ');
  if (colon < 7 || colon > 24) return null;
  const name = text.slice(0, colon);
  if (name !== 'NOQUEUE' && !id.test(name)) return null;
  const at = colon + 2;
  switch (text.charCodeAt(at)) {
    case 0x66: // f
      if (text.startsWith('from=', at)) return readFrom(name, text, at + 5);
      break;
    case 0x74: // t
      if (text.startsWith('to=', at)) return readTo(name, text, at + 3);
      break;
    case 0x72: // r
      if (text.startsWith('ruleset=check_', at)) return readRuleset(name, text, at + 8);
      break;
    case 0x3c: // <
      return readUnknown(name, text, at);
    case 0x4d: // M
      if (text.startsWith('Milter: ', at)) return readMilter(name, text, at + 8);
      break;
  }
  return readNotice(name, text, at);
}

/** `from=<A>, size=N, class=N, nrcpts=N, msgid=<...>, ..., relay=host [ip]`. The msgid is a stranger's. */
function readFrom(name: string, text: string, at: number): LogReading {
  const isBracketed = text.charCodeAt(at) === 0x3c;
  const end = isBracketed ? endOfPath(text, at) : text.indexOf(', ', at) - 1;
  if (end < at) return unreadable('a sender whose end cannot be told');
  const found = /^, size=(\d{1,15}), class=-?\d{1,9}, nrcpts=(\d{1,9})/.exec(
    text.slice(end + 1, end + 70),
  );
  if (!found) return unreadable('no size, class and nrcpts behind the sender');
  const relayAt = text.lastIndexOf(', relay=');
  const client = relayAt < 0 ? null : bracketedIp(text.slice(relayAt + 8));
  return {
    kind: 'taken',
    id: name,
    client,
    connection: client === null ? null : processOf(name),
    session: null,
    reversePath: isBracketed ? text.slice(at + 1, end) : text.slice(at, end + 1),
    bytes: Number(found[1]),
    recipients: Number(found[2]),
    about: null,
  };
}

/**
 * `to=<A>,<B>, [ctladdr=<C> (uid/gid), ]delay=T, xdelay=T, mailer=M, pri=N, [relay=R, ]dsn=N.N.N, [reply=text, ]stat=text`
 */
function readTo(name: string, text: string, at: number): LogReading {
  const list = readRecipients(text, at);
  if (!list) return unreadable('recipients whose end cannot be told');
  const mailerAt = fieldAfter(text, ', mailer=', list.end);
  if (mailerAt < 0) return null;
  const mailer = text.slice(mailerAt, endOfField(text, mailerAt));
  const dsnAt = fieldAfter(text, ', dsn=', mailerAt);
  // Without one it waits, and was not tried.
  if (dsnAt < 0) return null;
  const relayAt = fieldAfter(text, ', relay=', mailerAt);
  const relay = relayAt < 0 || relayAt > dsnAt ? null : text.slice(relayAt, dsnAt - 6);
  const status = text.slice(dsnAt, endOfField(text, dsnAt));
  if (!/^[245]\.\d{1,3}\.\d{1,3}$/.test(status)) return unreadable('no status behind dsn=');
  const words = text.slice(dsnAt + status.length);
  const outcome = outcomeOf(status, words);
  const peer = relay === null ? null : bracketedIp(relay);
  return {
    kind: 'fate',
    id: name,
    forwardPaths: list.paths,
    outcome,
    nextHop: relay === null ? mailer : hostOf(relay),
    peer,
    // The program that users call hands mail to the daemon; a host in brackets is the admin's own word.
    isInner: mailer === 'relay' || (relay?.startsWith('[') === true && isLoopbackText(peer ?? '')),
    session: null,
    answer: null,
    isMore: false,
    child: outcome === 'delivered' ? nameInReply(words) : null,
  };
}

function outcomeOf(status: string, words: string): FateOutcome {
  if (status.startsWith('2')) return words.endsWith('stat=discarded') ? 'dropped' : 'delivered';
  if (status.startsWith('4')) return status === '4.4.7' ? 'expired' : 'deferred';
  return isNoMailbox(status, words) ? 'unknown' : 'failed';
}

/** Behind `to=`: `<A>,<B>`, `root`, `"|program"`; the end of the last one, and of a `ctladdr=` behind it. */
function readRecipients(text: string, start: number): { paths: string[]; end: number } | null {
  const paths: string[] = [];
  let at = start;
  for (;;) {
    if (text.charCodeAt(at) === 0x3c) {
      const end = endOfPath(text, at);
      if (end < 0) return null;
      paths.push(text.slice(at + 1, end));
      at = end + 1;
    } else {
      const end = /[^,]*/y;
      end.lastIndex = at;
      const word = end.exec(text)?.[0] ?? '';
      paths.push(word);
      at += word.length;
    }
    if (text.charCodeAt(at) !== 0x2c || text.charCodeAt(at + 1) === 0x20) break;
    at++;
  }
  if (!text.startsWith(', ctladdr=<', at)) return { paths, end: at };
  const end = endOfPath(text, at + 10);
  return end < 0 ? null : { paths, end: end + 1 };
}

/** Where the value of the field begins; -1: there is none. */
function fieldAfter(text: string, field: string, from: number): number {
  const at = text.indexOf(field, from);
  return at < 0 ? -1 : at + field.length;
}

function endOfField(text: string, from: number): number {
  const end = text.indexOf(', ', from);
  return end < 0 ? text.length : end;
}

/** `mail.example` of `mail.example. [192.0.2.1]`; the address where there is no name. */
function hostOf(relay: string): string {
  const host = relay.slice(0, relay.indexOf(' ') < 0 ? relay.length : relay.indexOf(' '));
  return host.replace(/\.$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** `ruleset=check_rcpt, arg1=<A>, [arg2=..., ]relay=host [ip], reject=550 5.1.1 <A>... User unknown` */
function readRuleset(name: string, text: string, at: number): LogReading {
  const found = /^(check_rcpt|check_mail|check_compat), arg1=/.exec(text.slice(at, at + 20));
  if (!found) return null;
  const ruleset = found[1];
  const bracket = at + found[0].length;
  if (text.charCodeAt(bracket) !== 0x3c) return null;
  const end = endOfPath(text, bracket);
  if (end < 0) return unreadable('an argument of a ruleset whose end cannot be told');
  const rejectAt = text.indexOf(', reject=', end);
  if (rejectAt < 0 || ruleset === 'check_compat') return null;
  const relayAt = text.indexOf(', relay=', end);
  const isRecipient = ruleset === 'check_rcpt';
  const path = text.slice(bracket + 1, end);
  return {
    kind: 'attempt',
    id: name === 'NOQUEUE' ? null : name,
    client: relayAt < 0 ? null : bracketedIp(text.slice(relayAt + 8, rejectAt)),
    connection: processOf(name),
    session: null,
    reversePath: isRecipient ? null : path,
    forwardPath: isRecipient ? path : null,
    outcome: refusalOf(text.slice(rejectAt + 9)),
  };
}

/** `550 5.1.1 <A>... User unknown` */
function refusalOf(reply: string): 'unknown' | 'refused' | 'deferred' {
  const found = /^([45])\d\d (?:([45]\.\d{1,3}\.\d{1,3}) )?/.exec(reply);
  return refusal(found?.[1] ?? '5', found?.[2] ?? '', reply);
}

/** `<A>... User unknown`: of a mailbox on this machine. */
function readUnknown(name: string, text: string, at: number): LogReading {
  const end = endOfPath(text, at);
  if (end < 0) return unreadable('an address whose end cannot be told');
  if (!text.startsWith('... User unknown', end + 1)) return null;
  return {
    kind: 'attempt',
    id: name === 'NOQUEUE' ? null : name,
    client: null,
    connection: processOf(name),
    session: null,
    reversePath: null,
    forwardPath: text.slice(at + 1, end),
    outcome: 'unknown',
  };
}

/** `Milter: to=<A>, reject=550 5.1.1 ...`, `Milter: from=<A>, reject=...` */
function readMilter(name: string, text: string, at: number): LogReading {
  const found = /^(to|from)=</.exec(text.slice(at, at + 6));
  if (!found) return null;
  const bracket = at + found[0].length - 1;
  const end = endOfPath(text, bracket);
  if (end < 0) return unreadable('an address whose end cannot be told');
  if (!text.startsWith(', reject=', end + 1)) return null;
  const isRecipient = found[1] === 'to';
  const path = text.slice(bracket + 1, end);
  return {
    kind: 'attempt',
    id: name === 'NOQUEUE' ? null : name,
    client: null,
    connection: processOf(name),
    session: null,
    reversePath: isRecipient ? null : path,
    forwardPath: isRecipient ? path : null,
    outcome: refusalOf(text.slice(end + 10)),
  };
}

// The word depends on what the parent was told before: only the shape counts.
const notice = /^([0-9A-Za-z]{9,24}): (?:DSN|return to sender|sender notify|postmaster notify): /;

function readNotice(name: string, text: string, at: number): LogReading {
  if (!/[0-9A-Za-z]/.test(text.charAt(at))) return null;
  const child = notice.exec(text.slice(at, at + 60))?.[1];
  return child === undefined ? null : { kind: 'notice', id: name, child };
}
