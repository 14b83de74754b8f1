/**
 * The milter listener: sockets on one side, wire/milter's session in the middle, the judge on the
 * other side.
 *
 * Questions of one connection are asked and answered in order. Nothing here decides about mail.
 */
import type { Socket } from 'node:net';
import type { Judge } from '../judge/judge.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { type Identity, nobody } from '../mail/identity.ts';
import { printable } from '../mail/printable.ts';
import { type Reply, replies } from '../mail/reply.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { frameLimit } from '../wire/milter/codes.ts';
import { parseCommand } from '../wire/milter/commands.ts';
import { bytesWanted, type FrameEvent, parseFrames } from '../wire/milter/frames.ts';
import { formatMilterReply } from '../wire/milter/replies.ts';
import {
  type Effect,
  inTransaction,
  type Session,
  type SessionEvent,
  startSession,
} from '../wire/milter/session.ts';
import { step } from '../wire/milter/step.ts';
import { type Finish, type Listener, type ListenOptions, listen } from './listener.ts';
import { type Log, silentLog } from './log.ts';

/** All times in ms. */
export interface MilterOptions extends Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'> {
  /** Names and addresses of this machine, to recognise loops. */
  readonly identity?: Identity;
  /** A connection lives as long as its SMTP session does. */
  readonly idleTimeout?: number;
  /** At the end of a message: sendmail waits 10 s for each word, and 5 min in all. */
  readonly progressEvery?: number;
}

export function serveMilter(
  judge: Judge,
  endpoint: Endpoint,
  options: MilterOptions = {},
): Promise<Listener> {
  const desk: Desk = {
    judge,
    identity: options.identity ?? nobody,
    log: options.log ?? silentLog,
    endpoint: formatEndpoint(endpoint),
    progressEvery: options.progressEvery ?? 5_000,
    idleTimeout: options.idleTimeout ?? 2 * 3600_000,
  };
  return listen(endpoint, (socket) => new Connection(desk, socket, null).finish, {
    ...options,
    onBusy: (socket) => void new Connection(desk, socket, replies.overloaded),
  });
}

/** What the connections of one listener share. */
interface Desk extends Required<Omit<MilterOptions, keyof ListenOptions>> {
  readonly judge: Judge;
  readonly log: Log;
  readonly endpoint: string;
}

const progress = formatMilterReply({ kind: 'progress' });

class Connection {
  private readonly desk: Desk;
  private readonly socket: Socket;
  private session: Session;
  /** Bytes of a frame that is not complete, and how many it takes to go on. */
  private pieces: Uint8Array[] = [];
  private gathered = 0;
  private wanted = 4;
  /** Frames that wait for the verdict on an earlier one. */
  private frames: FrameEvent[] = [];
  private nextFrame = 0;
  private out: Uint8Array[] = [];
  private blocked = false;
  private finishing = false;
  private closed = false;

  constructor(desk: Desk, socket: Socket, refusal: Reply | null) {
    this.desk = desk;
    this.socket = socket;
    this.session = startSession(desk.identity, refusal);
    socket.setTimeout(desk.idleTimeout, () => socket.destroy());
    socket.on('data', (chunk: Uint8Array) => this.safely(() => this.take(chunk)));
    socket.on('drain', () => {
      this.blocked = false;
      this.safely(() => this.run());
    });
  }

  /** A message under way is brought to its end first. */
  readonly finish: Finish = () => {
    this.finishing = true;
    this.run();
  };

  /** A fault of ours ends this connection and no other; the mail server does what it is told for that. */
  private safely(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.desk.log.error(
        { endpoint: this.desk.endpoint, err: error },
        'a fault in a milter session',
      );
      this.socket.destroy();
    }
  }

  private take(chunk: Uint8Array): void {
    if (this.closed) return;
    this.pieces.push(chunk);
    this.gathered += chunk.length;
    if (this.gathered < this.wanted) return;
    const bytes = this.pieces.length === 1 ? chunk : Buffer.concat(this.pieces);
    const { events, rest } = parseFrames(bytes, frameLimit);
    this.pieces = rest.length > 0 ? [rest] : [];
    this.gathered = rest.length;
    this.wanted = bytesWanted(rest);
    this.frames = this.nextFrame < this.frames.length ? [...this.waiting(), ...events] : events;
    this.nextFrame = 0;
    this.run();
  }

  private waiting(): FrameEvent[] {
    return this.frames.slice(this.nextFrame);
  }

  /** Obeys frames until one must wait; whatever is to be said then goes out in one piece. */
  private run(): void {
    while (!this.isHeld() && this.nextFrame < this.frames.length) {
      const frame = this.frames[this.nextFrame++];
      if (frame) this.obey(frame);
    }
    this.flush();
    if (this.closed) return;
    if (this.finishing && !inTransaction(this.session)) this.hangUp(null);
    // While something must wait, the peer waits as well: what it sends stays in the kernel.
    else if (this.isHeld()) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  private isHeld(): boolean {
    return this.session.open !== null || this.blocked || this.closed;
  }

  private obey(frame: FrameEvent): void {
    const command = frame.kind === 'frame' ? parseCommand(frame.command, frame.body) : frame;
    if (command.kind === 'fault') this.hangUp(command.problem);
    else this.advance({ kind: 'command', command });
  }

  private advance(event: SessionEvent): void {
    const { next, effects } = step(this.session, event);
    this.session = next;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.out.push(effect.bytes);
        break;
      case 'ask':
        this.ask(effect.question, effect.patient);
        break;
      case 'close':
        this.hangUp(effect.fault);
        // Who took its leave sends nothing more and reads nothing more.
        if (effect.fault === null && this.socket.writableLength === 0) this.socket.destroy();
        break;
    }
  }

  private flush(): void {
    const [first, ...more] = this.out;
    if (first === undefined) return;
    this.out = [];
    if (this.socket.writable)
      this.blocked = !this.socket.write(more.length > 0 ? Buffer.concat([first, ...more]) : first);
  }

  /** What was answered before still reaches the peer. */
  private hangUp(fault: string | null): void {
    if (fault !== null) {
      const peer = this.session.client?.client.address ?? null;
      this.desk.log.warn(
        { endpoint: this.desk.endpoint, client: peer, fault: printable(fault) },
        'a mail server broke the milter protocol, its connection is closed',
      );
    }
    this.closed = true;
    this.frames = [];
    this.flush();
    this.socket.destroySoon();
  }

  private ask(question: Question, patient: boolean): void {
    const { desk } = this;
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = desk.judge.ask(question);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (verdict instanceof Promise) this.wait(verdict, patient);
    else this.conclude(verdict);
  }

  private conclude(verdict: Verdict): void {
    this.advance({ kind: 'verdict', verdict });
  }

  /** The judge answers in time and never fails; this is for the day when it has a bug. */
  private fail(error: unknown): void {
    this.desk.log.error({ endpoint: this.desk.endpoint, err: error }, 'the judge failed');
    const steps = ['the judge failed'];
    this.conclude({ action: 'defer', reply: replies.internal, reason: 'internal-error', steps });
  }

  private wait(promise: Promise<Verdict>, patient: boolean): void {
    const ticking = patient
      ? setInterval(() => this.socket.write(progress), this.desk.progressEvery)
      : undefined;
    const settle = (conclude: () => void): void => {
      clearInterval(ticking);
      // The peer may have gone meanwhile; then nobody is left to tell.
      if (this.socket.destroyed) return;
      this.safely(() => {
        conclude();
        this.run();
      });
    };
    promise.then(
      (verdict) => settle(() => this.conclude(verdict)),
      (error: unknown) => settle(() => this.fail(error)),
    );
  }
}
