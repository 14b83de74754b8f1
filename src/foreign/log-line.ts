/**
 * A line of any log: when it was written, on which host, by which mail server, and what it says.
 *
 * RFC 3164 and RFC 5424 with the programs of the four servers, and Exim's own main log. Only the head of a line
 * says who wrote it; what looks like a head further on is a stranger's text. Lines are read where they stand in
 * a larger text, and cost next to nothing where they are of no interest: most are.
 */
import { detached } from '../mail/detached.ts';
import { readEximMessage } from './exim/log-line.ts';
import { type ConnectionNumber, type LogReading, unreadable } from './log-event.ts';
import { StampReader } from './log-stamp.ts';
import { readOpensmtpdMessage } from './opensmtpd/log-line.ts';
import { isPostfixChatter, pidOfSmtpd, readPostfixMessage } from './postfix/log-line.ts';
import type { Mta } from './queue-entry.ts';
import { readSendmailMessage } from './sendmail/log-line.ts';

const noTime = unreadable('no time stamp that is known');
const mostPrograms = 1000;
const blank = 0x20;
const colon = 0x3a;

export class LogLineReader {
  /** Of the line that was read last: ms since 1970; null: it has no time. */
  at: number | null = null;
  /** Empty where the log does not name it. */
  host = '';
  server: Mta = 'postfix';
  private readonly stamps: StampReader;
  private readonly programs = new Map<string, Mta | null>();

  /** As for StampReader. */
  constructor(yearFrom: number) {
    this.stamps = new StampReader(yearFrom);
  }

  /** The line of `text` from `start` to `end`, without its line end. */
  read(text: string, start: number, end: number): LogReading {
    this.at = null;
    if (start === end) return null;
    let at = start;
    if (text.charCodeAt(start) === 0x3c) {
      const priority = /^<\d{1,3}>/.exec(text.slice(start, Math.min(end, start + 5)))?.[0];
      if (priority === undefined) return noTime;
      at = start + priority.length;
      if (text.startsWith('1 ', at)) return this.readModern(text.slice(at + 2, end));
    }
    const stamp = this.stamps.read(text, at);
    if (!stamp || stamp.end > end) return noTime;
    this.at = stamp.at;
    // Exim's own log has no host and no program; the id or a word of Exim's follows at once.
    if (text.charCodeAt(at + 10) === blank)
      return this.readMessage('exim', '', text.slice(afterPid(text, stamp.end), end), null);
    return this.readBody(text, stamp.end, end);
  }

  /** What a program said, by way of a journal. `at`: ms since 1970; `pid`: empty where it is not told. */
  readSaid(at: number, host: string, program: string, pid: string, message: string): LogReading {
    this.at = at;
    const server = this.serverOf(program);
    if (server === null) return null;
    const head = `${program}[${pid}]`;
    const connection = server === 'postfix' ? pidOfSmtpd(head, head.length) : null;
    return this.readMessage(server, host, message, connection);
  }

  /** `host program[pid]: message`, or without the host. */
  private readBody(text: string, start: number, end: number): LogReading {
    const first = text.indexOf(' ', start);
    if (first < 0 || first >= end) return null;
    const hasHost = text.charCodeAt(first - 1) !== colon;
    const from = hasHost ? first + 1 : start;
    const blankAt = hasHost ? text.indexOf(' ', from) : first;
    if (blankAt < 0 || blankAt >= end || text.charCodeAt(blankAt - 1) !== colon) return null;
    const server = this.serverAt(text, from, blankAt);
    if (server === null) return null;
    const at = blankAt + 1;
    if (server === 'postfix' && isPostfixChatter(text, at, end)) return null;
    return this.readMessage(
      server,
      hasHost ? this.hostAt(text, start, first) : '',
      text.slice(at, end),
      server === 'postfix' ? pidOfSmtpd(text, blankAt - 1) : null,
    );
  }

  /** RFC 5424: `STAMP HOST APP PROCID MSGID SD MSG` */
  private readModern(line: string): LogReading {
    const stamp = this.stamps.read(line, 0);
    if (!stamp) return noTime;
    this.at = stamp.at;
    const found = /(\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} /y;
    found.lastIndex = stamp.end;
    const head = found.exec(line);
    if (!head) return unreadable('no head of RFC 5424');
    let from = found.lastIndex;
    if (line.charCodeAt(from) === 0x5b) {
      const data = /(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+/y;
      data.lastIndex = from;
      if (!data.test(line)) return unreadable('structured data without an end');
      from = data.lastIndex;
    } else from++;
    const message = line.slice(from + 1).replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, '');
    const [, host = '', program = '', pid = ''] = head;
    return this.readSaid(stamp.at, host === '-' ? '' : host, program, pid, message);
  }

  /** `connection`: of Postfix, from pidOfSmtpd. */
  private readMessage(
    server: Mta,
    host: string,
    message: string,
    connection: ConnectionNumber | null,
  ): LogReading {
    this.server = server;
    this.host = host;
    return server === 'exim' ? this.readExim(message) : readers[server](message, connection);
  }

  /** By syslog it writes the time itself as well, with the year, and divides what is long: `[1/2] `. */
  private readExim(message: string): LogReading {
    let at = 0;
    if (message.charCodeAt(0) === 0x5b) {
      const part = /^\[(\d{1,3})[/\\]\d{1,3}\] /.exec(message);
      if (part && part[1] !== '1') return null;
      at = part?.[0].length ?? 0;
    }
    const isStamped = message.charCodeAt(at + 4) === 0x2d && message.charCodeAt(at + 10) === blank;
    const stamp = isStamped ? this.stamps.read(message, at) : null;
    if (stamp) {
      this.at = stamp.at;
      at = afterPid(message, stamp.end);
    }
    return readEximMessage(at === 0 ? message : message.slice(at));
  }

  private hostAt(text: string, start: number, end: number): string {
    const { host } = this;
    if (host !== '' && host.length === end - start && text.startsWith(host, start)) return host;
    return text.slice(start, end);
  }

  /** Of `program[pid]:`; `end` is behind the colon. */
  private serverAt(text: string, start: number, end: number): Mta | null {
    if (text.startsWith('postfix/', start)) return 'postfix';
    const word = text.slice(start, end - 1);
    const bracket = word.indexOf('[');
    return this.serverOf(bracket < 0 ? word : word.slice(0, bracket));
  }

  private serverOf(program: string): Mta | null {
    const known = this.programs.get(program);
    if (known !== undefined) return known;
    const server = guessServer(program);
    if (this.programs.size < mostPrograms) this.programs.set(detached(program), server);
    return server;
  }
}

type ReadMessage = (text: string, connection: ConnectionNumber | null) => LogReading;
const readers: Readonly<Record<Exclude<Mta, 'exim'>, ReadMessage>> = {
  sendmail: readSendmailMessage,
  postfix: readPostfixMessage,
  opensmtpd: readOpensmtpdMessage,
};

const postfixDaemon =
  /^[\w-]+\/(?:smtpd|smtp|lmtp|local|virtual|pipe|qmgr|cleanup|bounce|pickup|error|discard|postscreen)$/;

/** By the name in the log, which admins may have changed: `postfix-in/smtpd`, `sm-mta`, `exim4`. */
function guessServer(program: string): Mta | null {
  if (program.startsWith('postfix') || postfixDaemon.test(program)) return 'postfix';
  if (program.startsWith('sm-') || program.includes('sendmail')) return 'sendmail';
  if (/^exim\d?(?:$|-)/.test(program)) return 'exim';
  return program === 'smtpd' ? 'opensmtpd' : null;
}

/** Behind `[19] `, where that stands there. */
function afterPid(text: string, at: number): number {
  if (text.charCodeAt(at) !== 0x5b) return at;
  const pid = /\[\d{1,10}\] /y;
  pid.lastIndex = at;
  return pid.test(text) ? pid.lastIndex : at;
}
