/**
 * The door between smtpd and the guard: smtpd's child on one side, a connection to the guard on the
 * other.
 *
 * smtpd ends itself when a filter of its ends, is answered twice or reads what it does not understand,
 * and lets a session hang that gets no answer. So each query is answered exactly once, by the guard or,
 * where that is away, slow or talks rubbish, by the failure mode.
 */
import { connect, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { printable } from '../mail/printable.ts';
import {
  type FilterAnswer,
  formatAnswer,
  parseAnswer,
  proceed,
  registration,
} from '../wire/filter/answers.ts';
import { lineLimit, noLine, parseLines } from '../wire/filter/lines.ts';
import { type FilterMessage, parseMessage } from '../wire/filter/messages.ts';
import { Retelling } from '../wire/filter/retelling.ts';

export interface DoorOptions {
  /** From and to smtpd. */
  readonly input: Readable;
  readonly output: Writable;
  readonly guard: Endpoint;
  readonly onFailure: 'open' | 'closed';
  /** ms until the failure mode answers. The guard itself answers within 8 s. */
  readonly patience?: number;
  /** ms between attempts to reach the guard. */
  readonly pause?: number;
  /** One line for the log of smtpd, which writes down what its children say. */
  readonly tell: (line: string) => void;
}

type Query = Extract<FilterMessage, { kind: 'query' }>;

interface Pending {
  readonly query: Query;
  readonly until: number;
}

const mostSessions = 20_000;
const mostPending = 20_000;
/** Bytes that the guard has not taken: more than that, and it counts as gone. */
const mostUnsent = 8_000_000;

/** Resolves once smtpd has gone. */
export async function runDoor(options: DoorOptions): Promise<void> {
  await new Door(options).gone;
}

class Door {
  readonly gone: Promise<void>;
  private readonly options: DoorOptions;
  private readonly patience: number;
  private readonly retelling = new Retelling(mostSessions);
  /** By the token that the guard gets: smtpd's own comes again with the next question. */
  private readonly pending = new Map<string, Pending>();
  private serial = 0n;
  private reading = noLine;
  private guard: Socket | null = null;
  private state: 'trying' | 'ready' | 'away' = 'away';
  private out = '';
  private isRegistered = false;
  private isOver = false;
  private sweeper: NodeJS.Timeout | undefined;
  private lastTold = '';

  constructor(options: DoorOptions) {
    this.options = options;
    this.patience = options.patience ?? 10_000;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise.finally(() => this.close());
    const { input, output } = options;
    input.on('data', (chunk: Buffer) => this.take(chunk));
    for (const event of ['end', 'error', 'close'] as const) input.on(event, () => resolve());
    // smtpd reads until it ends.
    output.on('error', () => resolve());
    this.dial();
  }

  private close(): void {
    this.isOver = true;
    clearInterval(this.sweeper);
    this.guard?.destroy();
  }

  private take(chunk: Buffer): void {
    const { lines, reading } = parseLines(this.reading, chunk, lineLimit);
    this.reading = reading;
    let forGuard = '';
    for (const { text, isCut } of lines) forGuard += this.hear(text, isCut);
    if (forGuard !== '') this.send(forGuard);
    this.flush();
  }

  /** Gives what the guard is to hear of it. */
  private hear(line: string, isCut: boolean): string {
    const message = parseMessage(line);
    switch (message.kind) {
      case 'config':
        this.retelling.hear(message, line);
        // Earlier, smtpd would not know its filters yet.
        if (message.key === 'ready' && !this.isRegistered) {
          this.isRegistered = true;
          this.out += registration.map((one) => `${one}\n`).join('');
        }
        return `${line}\n`;
      case 'report':
        this.retelling.hear(message, line);
        return isCut ? '' : `${line}\n`;
      case 'query':
        return this.pass(message, isCut);
      case 'fault':
        this.tell(`smtpd says what is not understood, ${message.problem}: ${printable(line, 200)}`);
        return '';
    }
  }

  private pass(query: Query, isCut: boolean): string {
    if (this.state === 'away' || isCut || this.pending.size >= mostPending) {
      this.answer(query, this.failureAnswer());
      return '';
    }
    const token = (++this.serial).toString(16).padStart(16, '0');
    this.pending.set(token, { query, until: performance.now() + this.patience });
    this.sweeper ??= setInterval(() => this.sweep(), 250);
    const { phase, session, parameter } = query;
    return `filter|0.7|0.0|smtp-in|${phase}|${session}|${token}|${parameter}\n`;
  }

  private answer({ session, token }: Query, answer: FilterAnswer): void {
    this.out += `${formatAnswer(session, token, answer)}\n`;
  }

  private failureAnswer(): FilterAnswer {
    return this.options.onFailure === 'open' ? proceed : tryAgain;
  }

  /** All are given the same time, so that the first is always the oldest. */
  private sweep(): void {
    const now = performance.now();
    for (const [token, { query, until }] of this.pending) {
      if (until > now) break;
      this.pending.delete(token);
      this.answer(query, this.failureAnswer());
      this.tell(`the guard did not answer in ${this.patience} ms`);
    }
    if (this.pending.size === 0) {
      clearInterval(this.sweeper);
      this.sweeper = undefined;
    }
    this.flush();
  }

  private flush(): void {
    if (this.out !== '' && this.options.output.writable)
      this.options.output.write(this.out, 'latin1');
    this.out = '';
  }

  private send(text: string): void {
    const { guard } = this;
    if (guard === null || this.state === 'away') return;
    if (guard.writableLength > mostUnsent) this.leave(guard, 'it takes nothing any more');
    else guard.write(text, 'latin1');
  }

  private dial(): void {
    if (this.isOver) return;
    let guard: Socket;
    try {
      guard = connect({ ...this.options.guard, keepAlive: true, noDelay: true });
    } catch (error) {
      this.tell(`the guard cannot be reached: ${String(error)}`);
      this.dialLater();
      return;
    }
    this.guard = guard;
    this.state = 'trying';
    let reading = noLine;
    guard.setTimeout(this.patience, () => {
      if (this.state === 'trying') this.leave(guard, `no word in ${this.patience} ms`);
    });
    guard.on('error', (error) => this.leave(guard, error.message));
    guard.on('close', () => this.leave(guard, 'it closed the connection'));
    guard.on('data', (chunk: Buffer) => {
      if (this.guard !== guard) return;
      const parsed = parseLines(reading, chunk, lineLimit);
      reading = parsed.reading;
      for (const { text } of parsed.lines) if (this.guard === guard) this.obey(guard, text);
      this.flush();
    });
    // Sent once it is connected; what comes from smtpd meanwhile follows behind.
    guard.write([...this.retelling.lines()].map((line) => `${line}\n`).join(''), 'latin1');
  }

  private obey(guard: Socket, line: string): void {
    const said = parseAnswer(line);
    if (said.kind === 'register') {
      if (!said.isReady || this.state === 'ready') return;
      this.state = 'ready';
      this.tell(`the guard answers at ${formatEndpoint(this.options.guard)}`);
    } else if (said.kind === 'fault')
      this.leave(guard, `it talks rubbish: ${printable(line, 100)}`);
    else {
      const asked = this.pending.get(said.token);
      // One that comes too late has been answered already.
      if (!asked || asked.query.session !== said.session) return;
      this.pending.delete(said.token);
      this.answer(asked.query, said.answer);
    }
  }

  /** Whoever waits is answered at once. */
  private leave(guard: Socket, why: string): void {
    if (this.guard !== guard) return;
    this.guard = null;
    this.state = 'away';
    guard.destroy();
    if (this.isOver) return;
    const mode = this.options.onFailure === 'open' ? 'mail passes' : 'mail waits';
    this.tell(`no guard at ${formatEndpoint(this.options.guard)}, ${mode}: ${why}`);
    for (const { query } of this.pending.values()) this.answer(query, this.failureAnswer());
    this.pending.clear();
    this.flush();
    this.dialLater();
  }

  private dialLater(): void {
    setTimeout(() => this.dial(), this.options.pause ?? 1000);
  }

  /** What lasts is told once. */
  private tell(line: string): void {
    if (line === this.lastTold) return;
    this.lastTold = line;
    this.options.tell(line);
  }
}

const tryAgain: FilterAnswer = { kind: 'reject', reply: '451 4.3.2 Try again later' };
