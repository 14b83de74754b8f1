/**
 * The guard's side of OpenSMTPD's filter: what smtpd asks comes through `spillway filter`, which smtpd
 * starts as its child and which talks the filter protocol to us.
 *
 * Answers go out as they come, in any order.
 */
import type { Socket } from 'node:net';
import type { Judge } from '../judge/judge.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { printable } from '../mail/printable.ts';
import { replies } from '../mail/reply.ts';
import type { Verdict } from '../verdict/verdict.ts';
import {
  type FilterAnswer,
  formatAnswer,
  proceed,
  registration,
  rejectWith,
} from '../wire/filter/answers.ts';
import { lineLimit, noLine, parseLines } from '../wire/filter/lines.ts';
import { type FilterMessage, parseMessage } from '../wire/filter/messages.ts';
import { answerOf, questionOf, type RouteOf } from '../wire/filter/questions.ts';
import { FilterSessions } from '../wire/filter/sessions.ts';
import { type Finish, type Listener, type ListenOptions, listen } from './listener.ts';
import { type Log, silentLog } from './log.ts';

export interface FilterOptions extends Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'> {
  /** What the rules of the smtpd on this machine make of an address. */
  readonly routeOf?: RouteOf;
}

/** smtpd takes some hundreds at a time by default. */
const mostSessions = 20_000;
/** Queries of one connection that may wait for an answer before we stop reading. */
const mostWaiting = 2000;

export function serveFilter(
  judge: Judge,
  endpoint: Endpoint,
  options: FilterOptions = {},
): Promise<Listener> {
  const desk: Desk = {
    judge,
    routeOf: options.routeOf ?? (() => null),
    log: options.log ?? silentLog,
    endpoint: formatEndpoint(endpoint),
  };
  return listen(endpoint, (socket) => new Connection(desk, socket).finish, options);
}

interface Desk {
  readonly judge: Judge;
  readonly routeOf: RouteOf;
  readonly log: Log;
  readonly endpoint: string;
}

type Query = Extract<FilterMessage, { kind: 'query' }>;

class Connection {
  private readonly desk: Desk;
  private readonly socket: Socket;
  private readonly sessions = new FilterSessions(mostSessions);
  private reading = noLine;
  private out: string[] = [];
  private waiting = 0;
  private isRegistered = false;
  private isFinishing = false;
  private isFlushDue = false;
  private toldFault = false;

  constructor(desk: Desk, socket: Socket) {
    this.desk = desk;
    this.socket = socket;
    socket.on('drain', () => this.balance());
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  /** What was asked is answered first. */
  readonly finish: Finish = () => {
    this.isFinishing = true;
    this.flush();
  };

  private take(chunk: Buffer): void {
    const { lines, reading } = parseLines(this.reading, chunk, lineLimit);
    this.reading = reading;
    for (const { text } of lines) this.obey(parseMessage(text), text);
    this.flush();
  }

  private obey(message: FilterMessage, line: string): void {
    switch (message.kind) {
      case 'config':
        if (message.key === 'ready' && !this.isRegistered) {
          this.isRegistered = true;
          this.out.push(...registration);
        }
        break;
      case 'report':
        this.sessions.hear(message);
        break;
      case 'query':
        this.ask(message);
        break;
      case 'fault':
        this.tellFault(message.problem, line);
        break;
    }
  }

  private ask(query: Query): void {
    try {
      const question = questionOf(query, this.sessions.get(query.session), this.desk.routeOf);
      const verdict = question === null ? null : this.desk.judge.ask(question);
      if (verdict instanceof Promise) this.wait(query, verdict);
      else this.answer(query, verdict === null ? proceed : answerOf(verdict));
    } catch (error) {
      this.answer(query, this.failed(error));
    }
  }

  private wait(query: Query, verdict: Promise<Verdict>): void {
    this.waiting++;
    const settle = (answer: FilterAnswer): void => {
      this.waiting--;
      this.answer(query, answer);
      this.flushSoon();
    };
    verdict.then(
      (found) => settle(answerOf(found)),
      (error: unknown) => settle(this.failed(error)),
    );
  }

  private answer({ session, token }: Query, answer: FilterAnswer): void {
    this.out.push(formatAnswer(session, token, answer));
  }

  /** The judge answers in time and never fails; this is for the day when it has a bug. */
  private failed(error: unknown): FilterAnswer {
    this.desk.log.error({ endpoint: this.desk.endpoint, err: error }, 'the judge failed');
    return rejectWith(replies.internal);
  }

  private tellFault(problem: string, line: string): void {
    if (this.toldFault) return;
    this.toldFault = true;
    this.desk.log.warn(
      { endpoint: this.desk.endpoint, problem, line: printable(line, 200) },
      'a line that is none of the filter protocol is left aside; others of this connection are not told',
    );
  }

  /** Late answers come in crowds: those of one turn of the event loop share a write. */
  private flushSoon(): void {
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    setImmediate(() => {
      this.isFlushDue = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.out.length > 0 && this.socket.writable)
      this.socket.write(this.out.map((line) => `${line}\n`).join(''), 'latin1');
    this.out = [];
    this.balance();
    if (this.isFinishing && this.waiting === 0) this.socket.end();
  }

  private balance(): void {
    if (this.waiting >= mostWaiting || this.socket.writableNeedDrain) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }
}
