/**
 * One SMTP or LMTP connection: bytes to the reader, its events to the session, and what the session
 * wants done, done in order.
 *
 * What is known at once is answered at once; all replies to what came in one piece go out in one
 * piece. While a question is open nothing more is read, and the client's bytes stay in the kernel.
 */
import type { Socket } from 'node:net';
import { printable } from '../../mail/printable.ts';
import { replies } from '../../mail/reply.ts';
import { formatSmtpReply } from '../../wire/smtp/format-reply.ts';
import { createReader, type Reader } from '../../wire/smtp/reader.ts';
import type {
  Answer,
  Effect,
  Request,
  SessionEvent,
  XclientAttributes,
} from '../../wire/smtp/session.ts';
import { type Session, startSession } from '../../wire/smtp/state.ts';
import { step } from '../../wire/smtp/step.ts';
import { turnAway } from './admission.ts';
import { granted, refuse } from './answers.ts';
import { HarvestBrake } from './harvest-brake.ts';
import { tryLogin } from './login-attempt.ts';
import { Refusals } from './refusals.ts';
import type { Desk } from './services.ts';
import { secure } from './tls.ts';
import { Transaction } from './transaction.ts';
import { describeTls, hearHello, introduce, isIn, meet, type Visitor } from './visitor.ts';
import type { Watch, Watched } from './watch.ts';

/** Octets that are read ahead while a question is open: commands that a client pipelines. */
const readAhead = 65_536;
/** ms for a client to read our last words and close. */
const lingering = 2_000;

export interface ConnectionOptions {
  /** Implicit TLS (RFC 8314): the handshake comes first. */
  readonly encrypted: boolean;
  /** Of the client as the socket or a proxy gives it; null for a unix socket. */
  readonly address: string | null;
  /** Whom the socket is connected to: the client, or the proxy before it. */
  readonly peer: string | null;
}

export class Connection implements Watched {
  private readonly desk: Desk;
  private readonly watch: Watch;
  private readonly options: ConnectionOptions;
  private socket: Socket;
  private visitor: Visitor;
  private session: Session;
  private reader: Reader | null = null;
  private transaction: Transaction | null = null;
  private out = '';
  private readonly since: number;
  private heardAt: number;
  /** When content began to come; 0 while none does. */
  private contentSince = 0;
  /** Where we are: shaking hands, talking, or saying farewell. */
  private stage: 'handshake' | 'open' | 'closing' | 'closed' = 'open';
  /** An answer, or the store, is waited for. */
  private isWaiting = false;
  /** The client reads nothing. */
  private isBlocked = false;
  /** The client will send no more. */
  private hasEnded = false;
  private isRunning = false;
  private readonly harvests: HarvestBrake;
  private readonly refusals = new Refusals();

  /** Attaches itself to the socket, from which nothing has been read. */
  constructor(desk: Desk, watch: Watch, socket: Socket, options: ConnectionOptions) {
    this.desk = desk;
    this.watch = watch;
    this.options = options;
    this.socket = socket;
    this.since = Date.now();
    this.heardAt = this.since;
    this.session = startSession(desk.terms);
    this.visitor = meet(desk.services, options.address);
    this.harvests = new HarvestBrake(desk);
    watch.add(this);
    socket.once('close', () => this.leave());
    desk.crowd.enter(this.visitor.key, this.since);
    if (!options.encrypted) {
      this.attach(socket);
      this.start(false);
    } else if (turnAway(desk, this.visitor)) socket.destroy();
    else this.shakeHands(() => this.start(true));
  }

  /** For the listener: end after the transaction that is under way. */
  readonly finish = (): void => {
    if (this.stage === 'handshake') this.socket.destroy();
    else if (this.stage === 'open') this.safely(() => this.advance({ kind: 'shutdown' }));
  };

  get deadline(): number {
    const { limits } = this.desk.services;
    if (this.stage === 'handshake') return this.heardAt + limits.handshake;
    if (this.stage === 'closing') return this.heardAt + lingering;
    if (this.isWaiting) return Number.POSITIVE_INFINITY;
    const idle = this.heardAt + limits.idle;
    if (this.contentSince === 0) return Math.min(idle, this.since + limits.session);
    const octets = this.transaction?.received ?? 0;
    const slow = this.contentSince + limits.idle + (1000 * octets) / limits.minimumRate;
    // A session that is over its time may finish a message, but not without end: see BDAT of a terabyte.
    return Math.min(idle, slow, this.contentSince + limits.session);
  }

  onDeadline(): void {
    if (this.stage !== 'open' || this.isBlocked) this.socket.destroy();
    else this.safely(() => this.advance({ kind: 'timeout' }));
  }

  private start(encrypted: boolean): void {
    const { services } = this.desk;
    this.visitor = { ...this.visitor, tls: describeTls(this.socket) };
    const xclient = isIn(services.xclientNetworks, this.options.peer);
    this.safely(() => this.advance({ kind: 'connected', encrypted, xclient }));
  }

  private attach(socket: Socket): void {
    this.socket = socket;
    this.stage = 'open';
    socket.on('data', this.take).on('end', this.onEnd).on('drain', this.onDrain);
    socket.resume();
  }

  private detach(socket: Socket): void {
    socket.off('data', this.take).off('end', this.onEnd).off('drain', this.onDrain);
    socket.pause();
  }

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    this.safely(() => this.run());
  };

  private readonly onDrain = (): void => {
    this.isBlocked = false;
    this.heardAt = Date.now();
    this.safely(() => this.run());
  };

  private shakeHands(onSecured: () => void): void {
    const { certificate } = this.desk.services;
    const plain = this.socket;
    if (certificate === null) {
      plain.destroy();
      return;
    }
    this.stage = 'handshake';
    this.heardAt = Date.now();
    const onFault = (error: Error): void => {
      const why = printable(error.message, 200);
      this.desk.log.warn({ client: this.visitor.client.address, why }, 'no TLS with a client');
    };
    const secured = (socket: Socket): void => {
      this.attach(socket);
      this.heardAt = Date.now();
      onSecured();
    };
    this.socket = secure(plain, certificate, secured, onFault);
  }

  /** A fault of ours ends this connection and no other. */
  private safely(action: () => void): void {
    try {
      action();
      if (!this.isRunning) this.run();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.desk.services.log.error({ err: error }, 'a fault in an SMTP session');
    this.socket.destroy();
  }

  private readonly take = (bytes: Buffer): void => {
    if (this.stage !== 'open') return;
    this.heardAt = Date.now();
    this.reader ??= createReader(this.desk.terms.maxMessage);
    this.reader.push(bytes);
    if (this.isHeld()) {
      if (this.reader.unread > readAhead) this.socket.pause();
      return;
    }
    try {
      this.run();
    } catch (error) {
      this.fail(error);
    }
  };

  private isHeld(): boolean {
    return this.isWaiting || this.isBlocked || this.stage !== 'open';
  }

  /** Takes events until one must wait; whatever is to be said then goes out in one piece. */
  private run(): void {
    const { reader } = this;
    if (reader && !this.isHeld()) {
      this.isRunning = true;
      try {
        for (let event = reader.next(); event !== null; event = reader.next()) {
          if (event.kind === 'content') this.takeContent(event.piece);
          else this.advance(event);
          if (this.isHeld()) break;
        }
      } finally {
        this.isRunning = false;
      }
    }
    this.flush();
    if (this.stage !== 'open' || this.isHeld()) return;
    if (this.hasEnded) this.close();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  private flush(): void {
    if (this.out === '') return;
    const { out } = this;
    this.out = '';
    // Only ASCII: see format-reply.ts.
    if (this.socket.writable) this.isBlocked = !this.socket.write(out, 'latin1');
  }

  private advance(event: SessionEvent): void {
    const { next, effects } = step(this.session, event);
    this.session = next;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'reply':
        this.out += formatSmtpReply(effect.reply, effect.lines);
        this.refusals.note(effect.reply);
        break;
      case 'ask':
        this.ask(effect.request);
        break;
      case 'read':
        this.contentSince ||= Date.now();
        this.reader?.read(effect.what);
        break;
      case 'reset':
        this.contentSince = 0;
        this.transaction?.abandon();
        this.transaction = null;
        break;
      case 'startTls':
        this.startTls();
        break;
      case 'setClient':
        this.setClient(effect.client);
        break;
      case 'close':
        this.close();
        break;
    }
  }

  private takeContent(piece: Buffer): void {
    const written = this.transaction?.add(piece);
    if (!written) return;
    this.isWaiting = true;
    written.then(() => this.goOn(() => {}), this.failed);
  }

  private ask(request: Request): void {
    const answer = this.answerTo(request);
    if (!(answer instanceof Promise)) {
      this.conclude(answer);
      return;
    }
    this.isWaiting = true;
    answer.then((later) => this.goOn(() => this.conclude(later)), this.failed);
  }

  private conclude(answer: Answer): void {
    const more = (this.reader?.unread ?? 0) > 0;
    this.advance({ kind: 'answer', answer, more });
  }

  /** What was waited for has come. The client may have gone meanwhile; then nobody is left to tell. */
  private goOn(action: () => void): void {
    this.isWaiting = false;
    if (this.stage === 'closed') return;
    this.heardAt = Date.now();
    this.safely(action);
  }

  private readonly failed = (error: unknown): void => this.fail(error);

  private answerTo(request: Request): Answer | Promise<Answer> {
    switch (request.kind) {
      case 'rcpt':
        if (this.transaction === null) break;
        return this.slowDown(this.transaction.askRecipient(request.parameters));
      case 'greet':
        return this.greet();
      case 'hello':
        this.visitor = hearHello(
          this.desk.services,
          this.visitor,
          request.name,
          request.verb === 'HELO' ? 'SMTP' : request.verb === 'LHLO' ? 'LMTP' : 'ESMTP',
        );
        return granted;
      case 'login':
        return this.logIn(request.user, request.password);
      case 'mail':
        this.transaction = new Transaction(this.desk, this.visitor, request.parameters);
        return this.transaction.askSender();
      case 'begin':
        if (this.transaction === null) break;
        return this.transaction.begin();
      case 'end':
        this.contentSince = 0;
        if (this.transaction === null) break;
        return this.transaction.end();
    }
    return refuse(replies.internal);
  }

  private greet(): Answer {
    const reply = turnAway(this.desk, this.visitor);
    return reply ? refuse(reply, true) : granted;
  }

  private slowDown(answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
    const slow = (found: Answer) => this.harvests.slow(found, this.visitor, this.heardAt);
    return answer instanceof Promise ? answer.then(slow) : slow(answer);
  }

  private async logIn(user: string, password: string): Promise<Answer> {
    const answer = await tryLogin(this.desk, this.visitor, user, password);
    if (answer.kind === 'granted') this.visitor = { ...this.visitor, login: user };
    return answer;
  }

  private startTls(): void {
    const { socket } = this;
    this.flush();
    // RFC 3207 §4.2 and CVE-2011-0411: what came in plain text must not be taken for what comes after.
    this.reader?.discard();
    this.detach(socket);
    while (socket.read() !== null);
    this.shakeHands(() => {
      this.visitor = {
        ...meet(this.desk.services, this.options.address, this.visitor.connection),
        tls: describeTls(this.socket),
      };
      this.safely(() => this.advance({ kind: 'secured' }));
    });
  }

  /** It counts as another client from now on. */
  private setClient(attributes: XclientAttributes): void {
    const { crowd, services } = this.desk;
    const before = this.visitor.key;
    this.visitor = introduce(services, this.visitor, attributes);
    const { key } = this.visitor;
    if (key === before) return;
    crowd.leave(before);
    crowd.enter(key, Date.now());
  }

  /** Our last words go out; then the client has a moment to read them. */
  private close(): void {
    if (this.stage !== 'open') return;
    this.flush();
    this.stage = 'closing';
    this.heardAt = Date.now();
    this.socket.end();
    // Bytes that stay unread would make the kernel take back what we said.
    this.socket.resume();
  }

  private leave(): void {
    if (this.stage === 'closed') return;
    this.stage = 'closed';
    this.watch.delete(this);
    this.transaction?.abandon();
    this.transaction = null;
    this.reader = null;
    this.desk.crowd.leave(this.visitor.key);
    this.refusals.write(this.desk.log, this.visitor.client, this.harvests.unknown);
  }
}
