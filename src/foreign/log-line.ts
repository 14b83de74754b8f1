/**
 * A line of any log: when it was written, on which host, by which mail server, and what it says.
 *
 * RFC 3164 and RFC 5424 with the programs of the four servers, and Exim's own main log. Only the head of a line
 * says who wrote it; what looks like a head further on is a stranger's text.
 */
import { readEximMessage } from './exim/log-line.ts';
import type { LogEvent, LogReading } from './log-event.ts';
import { type Stamp, StampReader } from './log-stamp.ts';
import { readOpensmtpdMessage } from './opensmtpd/log-line.ts';
import { readPostfixMessage } from './postfix/log-line.ts';
import type { Mta } from './queue-entry.ts';
import { readSendmailMessage } from './sendmail/log-line.ts';

export interface LogLine {
  readonly kind: 'line';
  /** ms since 1970. */
  readonly at: number;
  /** Empty where the log does not name it. */
  readonly host: string;
  readonly server: Mta;
  readonly event: LogEvent;
}

export type LineReading =
  | LogLine
  /** Of no interest; `at` where the line has a time. */
  | { readonly kind: 'other'; readonly at: number | null }
  | { readonly kind: 'unreadable'; readonly problem: string; readonly at: number | null };

const nothing: LineReading = { kind: 'other', at: null };
const noTime: LineReading = {
  kind: 'unreadable',
  problem: 'no time stamp that is known',
  at: null,
};
const mostPrograms = 1000;

export class LogLineReader {
  private readonly stamps: StampReader;
  private readonly programs = new Map<string, Mta | null>();

  /** As for StampReader. */
  constructor(yearFrom: number) {
    this.stamps = new StampReader(yearFrom);
  }

  /** Without its line end. */
  read(line: string): LineReading {
    if (line === '') return nothing;
    let at = 0;
    if (line.charCodeAt(0) === 0x3c) {
      const priority = /^<\d{1,3}>/.exec(line)?.[0];
      if (priority === undefined) return noTime;
      at = priority.length;
      if (line.startsWith('1 ', at)) return this.readModern(line, at + 2);
    }
    const stamp = this.stamps.read(line, at);
    if (!stamp) return noTime;
    const { at: time, end } = stamp;
    // Exim's own log has no host and no program; the id or a word of Exim's follows at once.
    if (line.charCodeAt(at + 10) === 0x20) return this.readMainLog(line, stamp);
    return this.readBody(line, time, end);
  }

  /** What a program said, by way of a journal. `at`: ms since 1970. */
  readMessage(at: number, host: string, program: string, message: string): LineReading {
    const server = this.serverOf(program);
    if (server === null) return { kind: 'other', at };
    return this.told(at, host, server, message);
  }

  /** `host program[pid]: message`, or without the host. */
  private readBody(line: string, at: number, start: number): LineReading {
    const firstEnd = line.indexOf(' ', start);
    if (firstEnd < 0) return { kind: 'other', at };
    if (line.charCodeAt(firstEnd - 1) === 0x3a)
      return this.readMessage(at, '', programOf(line, start, firstEnd), line.slice(firstEnd + 1));
    const secondEnd = line.indexOf(' ', firstEnd + 1);
    if (secondEnd < 0 || line.charCodeAt(secondEnd - 1) !== 0x3a) return { kind: 'other', at };
    const program = programOf(line, firstEnd + 1, secondEnd);
    const server = this.serverOf(program);
    if (server === null) return { kind: 'other', at };
    return this.told(at, line.slice(start, firstEnd), server, line.slice(secondEnd + 1));
  }

  /** RFC 5424: `STAMP HOST APP PROCID MSGID SD MSG` */
  private readModern(line: string, start: number): LineReading {
    const stamp = this.stamps.read(line, start);
    if (!stamp) return noTime;
    const { at } = stamp;
    const found = /(\S{1,255}) (\S{1,48}) \S{1,128} \S{1,32} /y;
    found.lastIndex = stamp.end;
    const head = found.exec(line);
    if (!head) return { kind: 'unreadable', problem: 'no head of RFC 5424', at };
    let from = found.lastIndex;
    if (line.charCodeAt(from) === 0x5b) {
      const data = /(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+/y;
      data.lastIndex = from;
      if (!data.test(line))
        return { kind: 'unreadable', problem: 'structured data without an end', at };
      from = data.lastIndex;
    } else from++;
    const message = line.slice(from + 1).replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, '');
    const [, host = '', program = ''] = head;
    return this.readMessage(at, host === '-' ? '' : host, program, message);
  }

  /** `[pid] ` may follow the time. */
  private readMainLog(line: string, { at, end }: Stamp): LineReading {
    return this.told(
      at,
      '',
      'exim',
      line.slice(line.charCodeAt(end) === 0x5b ? afterPid(line, end) : end),
    );
  }

  private told(at: number, host: string, server: Mta, message: string): LineReading {
    let time = at;
    let text = message;
    if (server === 'exim') {
      // It writes the time itself as well, with the year, and divides what is long: `[1/2] `.
      const part = /^\[(\d{1,3})[/\\]\d{1,3}\] /.exec(text);
      if (part && part[1] !== '1') return { kind: 'other', at };
      if (part) text = text.slice(part[0].length);
      const stamp = isStamped(text) ? this.stamps.read(text, 0) : null;
      if (stamp) {
        time = stamp.at;
        text = text.slice(
          text.charCodeAt(stamp.end) === 0x5b ? afterPid(text, stamp.end) : stamp.end,
        );
      }
    }
    const event = readers[server](text);
    if (event === null) return { kind: 'other', at: time };
    if (event.kind === 'unreadable')
      return { kind: 'unreadable', problem: event.problem, at: time };
    return { kind: 'line', at: time, host, server, event };
  }

  private serverOf(program: string): Mta | null {
    const known = this.programs.get(program);
    if (known !== undefined) return known;
    const server = guessServer(program);
    if (this.programs.size < mostPrograms) this.programs.set(program, server);
    return server;
  }
}

const readers: Readonly<Record<Mta, (text: string) => LogReading>> = {
  sendmail: readSendmailMessage,
  postfix: readPostfixMessage,
  exim: readEximMessage,
  opensmtpd: readOpensmtpdMessage,
};

/** By the name in the log, which admins may have changed: `postfix-in/smtpd`, `sm-mta`, `exim4`. */
function guessServer(program: string): Mta | null {
  if (
    /^postfix|^[\w-]+\/(?:smtpd|smtp|lmtp|local|virtual|pipe|qmgr|cleanup|bounce|pickup|error|discard|postscreen)$/.test(
      program,
    )
  )
    return 'postfix';
  if (/^sm-|sendmail/.test(program)) return 'sendmail';
  if (/^exim\d?(?:$|-)/.test(program)) return 'exim';
  return program === 'smtpd' ? 'opensmtpd' : null;
}

/** `postfix/smtpd` of `postfix/smtpd[143]:`; `end` is behind the colon. */
function programOf(line: string, start: number, end: number): string {
  const bracket = line.indexOf('[', start);
  return line.slice(start, bracket >= 0 && bracket < end ? bracket : end - 1);
}

function afterPid(line: string, at: number): number {
  const pid = /\[\d{1,10}\] /y;
  pid.lastIndex = at;
  return pid.test(line) ? pid.lastIndex : at;
}

function isStamped(text: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:/.test(text);
}
