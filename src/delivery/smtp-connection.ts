/**
 * One connection to a server, from greeting to QUIT: the sessions of wire/smtp joined to a socket.
 *
 * One thing at a time. Every reply belongs to something that was asked: any other ends the connection,
 * for whoever can slip in a reply can make us believe that a message was taken.
 */
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { printable } from '../mail/printable.ts';
import type { Reply } from '../mail/reply.ts';
import { type Offer, plainOffer } from '../wire/smtp/client-offer.ts';
import { createOpening, type OpeningStep, type OpeningTerms } from '../wire/smtp/client-opening.ts';
import type { Transaction, TransactionStep } from '../wire/smtp/client-transaction.ts';
import { clientWords, withDetail } from '../wire/smtp/client-words.ts';
import { createReplyReader, type ReplyReader, type SmtpReply } from '../wire/smtp/reply-reader.ts';
import type { Pooled } from './connection-pool.ts';
import { type Content, gather, isSmall, type Outlet, stream } from './smtp-content.ts';
import { Deadline } from './smtp-deadline.ts';
import type { SmtpTimeouts } from './smtp-timeouts.ts';
import { startTls } from './tls.ts';

export interface ConnectionTerms {
  readonly opening: OpeningTerms;
  /** TLS before the greeting. */
  readonly implicitTls: boolean;
  readonly isVerified: boolean;
  readonly context: SecureContext;
  /** Of the server, for its certificate. */
  readonly host: string;
  readonly timeouts: SmtpTimeouts;
}

export type Opened =
  | { readonly kind: 'open' }
  /** `refused`: the server does not want us; `lost`: it is gone, slow, or no server of this kind. */
  | {
      readonly kind: 'closed';
      readonly trouble: 'refused' | 'lost' | 'tls' | 'login';
      readonly reply: Reply;
    };

/** Who hears of replies. */
interface Listener {
  reply(reply: SmtpReply): void;
  lost(reply: Reply): void;
}

export class SmtpConnection implements Pooled {
  /** `mx.example.org (192.0.2.25)` */
  readonly peer: string;
  offer: Offer = plainOffer;
  names: readonly string[] = [];
  isEncrypted = false;
  /** Transactions begun. */
  messages = 0;
  isOpen = true;
  private needsReset = false;
  private socket: Socket;
  private reader: ReplyReader = createReplyReader();
  private listener: Listener | null = null;
  /** The reply to STARTTLS came: nothing may follow it. */
  private awaitsTls: TLSSocket | 'soon' | null = null;
  /** Something was written since the last bytes came in. */
  private hasSpoken = false;
  private wakeWriter: (() => void) | null = null;
  private onTimeout: () => void = () => {};
  private readonly deadline = new Deadline(() => this.onTimeout());
  private readonly terms: ConnectionTerms;

  constructor(socket: Socket, peer: string, terms: ConnectionTerms) {
    this.socket = socket;
    this.peer = peer;
    this.terms = terms;
    this.attach(socket);
  }

  /** Greeting, EHLO, STARTTLS, AUTH. Once; on `closed` the connection is gone. */
  open(signal: AbortSignal): Promise<Opened> {
    const { implicitTls, timeouts } = this.terms;
    const opening = createOpening(this.terms.opening, implicitTls);
    return new Promise((resolve) => {
      const end = (opened: Opened) => {
        signal.removeEventListener('abort', onAbort);
        this.listener = null;
        this.deadline.clear();
        if (opened.kind === 'closed') void this.quit();
        resolve(opened);
      };
      const perform = (step: OpeningStep) => {
        switch (step.kind) {
          case 'write':
            return this.write(step.text);
          case 'startTls':
            this.awaitsTls = 'soon';
            return;
          case 'open':
            this.offer = step.offer;
            this.names = step.names;
            return end({ kind: 'open' });
          case 'closed': {
            const trouble = step.trouble === 'nonsense' ? 'lost' : step.trouble;
            return end({ kind: 'closed', trouble, reply: step.reply });
          }
        }
      };
      const onAbort = () => this.fail(clientWords.stopping);
      this.onTimeout = () => this.fail(clientWords.timeout);
      this.deadline.set(timeouts.opening);
      this.listener = {
        reply: (reply) => perform(opening.take(reply)),
        lost: (reply) => end({ kind: 'closed', trouble: this.awaitsTls ? 'tls' : 'lost', reply }),
      };
      this.onSecured = () => {
        if (!implicitTls) perform(opening.secured());
      };
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else if (implicitTls) this.shakeHands();
    });
  }

  /** Resolves when the transaction has ended or everybody in it got a reply of ours. */
  transact(transaction: Transaction, content: Content, signal: AbortSignal): Promise<void> {
    const { timeouts } = this.terms;
    const latest = performance.now() + timeouts.message;
    this.messages++;
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener('abort', onAbort);
        this.listener = null;
        this.needsReset = transaction.needsReset;
        this.deadline.clear();
        if (!transaction.canGoOn) void this.quit();
        resolve();
      };
      const wait = () =>
        this.deadline.set(Math.min(timeouts[transaction.stage], latest - performance.now()));
      const perform = (step: TransactionStep) => {
        switch (step.kind) {
          case 'end':
            return end();
          case 'write':
            this.write(step.text);
            return wait();
          case 'wait':
            return wait();
          case 'content':
            wait();
            this.send(transaction, content, wait);
        }
      };
      // What is sent up to the last octet may be taken any moment: that is waited for.
      const onAbort = () => {
        if (!transaction.isContentSent) this.fail(clientWords.stopping);
      };
      this.onTimeout = () => this.fail(clientWords.timeout);
      this.listener = {
        reply: (reply) => perform(transaction.take(reply)),
        lost: (reply) => {
          transaction.giveUp(
            transaction.isContentSent
              ? withDetail(clientWords.lostAfterContent, reply.text)
              : reply,
          );
          end();
        },
      };
      if (!this.isOpen) return this.listener.lost(clientWords.lost);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
      perform({ kind: 'write', text: transaction.begin() });
    });
  }

  /** Whether the server still has the last transaction in mind. */
  get mustReset(): boolean {
    return this.needsReset;
  }

  rest(ms: number, onGone: () => void): void {
    this.listener = { reply: () => this.fail(clientWords.nonsense), lost: onGone };
    this.onTimeout = () => {
      onGone();
      void this.quit();
    };
    this.deadline.set(ms);
  }

  async quit(): Promise<void> {
    this.listener = null;
    if (!this.isOpen) return;
    this.isOpen = false;
    this.wakeWriter?.();
    const { socket } = this;
    // During a handshake, or with half a command written, there is nobody to say it to.
    const canSpeak = this.awaitsTls === null && socket.writableLength === 0;
    await new Promise<void>((resolve) => {
      this.onTimeout = () => socket.destroy();
      this.deadline.set(this.terms.timeouts.quit);
      socket.on('close', () => {
        this.deadline.clear();
        resolve();
      });
      if (canSpeak) socket.end('QUIT\r\n');
      else socket.destroy();
    });
  }

  private onSecured: () => void = () => {};

  private write(text: string): void {
    this.hasSpoken = true;
    this.socket.write(text, 'utf8');
  }

  private attach(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('drain', () => this.wakeWriter?.());
    socket.on('error', (error) =>
      this.fail(withDetail(clientWords.lost, printable(error.message))),
    );
    socket.on('end', () => this.fail(clientWords.lost));
    socket.on('close', () => this.fail(clientWords.lost));
  }

  private read(chunk: Buffer): void {
    if (!this.isOpen) return;
    this.hasSpoken = false;
    for (const event of this.reader.push(chunk)) {
      if (event.kind === 'fault') return void this.failAt(event.problem);
      if (!this.listener) return void this.failAt('a reply to nothing');
      if (this.awaitsTls) return void this.failAt('text between STARTTLS and TLS');
      // It was sent before what it answers.
      if (this.hasSpoken) return void this.failAt('a reply ahead of its command');
      this.listener.reply(event.reply);
      if (!this.isOpen) return;
    }
    if (this.reader.isInside && this.hasSpoken) this.failAt('a reply ahead of its command');
    if (this.awaitsTls !== 'soon') return;
    // What was slipped in before the handshake would be taken for something said under it.
    if (this.reader.isInside) this.failAt('text between STARTTLS and TLS');
    else this.shakeHands();
  }

  private failAt(problem: string): void {
    this.fail(withDetail(clientWords.nonsense, problem));
  }

  private shakeHands(): void {
    const { host, isVerified, context, timeouts } = this.terms;
    const plain = this.socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('end');
    plain.removeAllListeners('drain');
    const secure = startTls(plain, { name: host, isVerified, context });
    this.awaitsTls = secure;
    this.socket = secure;
    this.reader = createReplyReader();
    this.deadline.set(timeouts.tls);
    secure.on('error', (error) =>
      this.fail(withDetail(clientWords.tlsFailed, printable(error.message))),
    );
    secure.on('close', () => this.fail(clientWords.tlsFailed));
    secure.on('secureConnect', () => {
      if (!this.isOpen) return;
      this.awaitsTls = null;
      this.isEncrypted = true;
      this.deadline.set(timeouts.opening);
      secure.removeAllListeners('error');
      secure.removeAllListeners('close');
      this.attach(secure);
      this.onSecured();
    });
  }

  private send(transaction: Transaction, content: Content, wait: () => void): void {
    const { isBinary } = transaction;
    const { size } = content;
    if (isBinary) this.write(`BDAT ${size} LAST\r\n`);
    const end = (isWhole: boolean) => {
      if (!isWhole) return this.fail(clientWords.unreadable);
      transaction.contentEnded();
      wait();
    };
    try {
      const pieces = content.pieces();
      if (!isSmall(size, pieces)) {
        const outlet = this.outletFor(wait);
        void stream(pieces, size, isBinary, outlet).then((ended) => {
          if (ended !== 'gone') end(ended === 'sent');
        });
        return;
      }
      const whole = gather(pieces, size, isBinary);
      this.hasSpoken = true;
      if (whole) this.socket.write(whole);
      end(whole !== null);
    } catch {
      end(false);
    }
  }

  /** For the transaction under way. */
  private outletFor(wait: () => void): Outlet {
    const { listener } = this;
    return {
      isGone: () => !this.isOpen || this.listener !== listener,
      write: (bytes) => {
        wait();
        return this.socket.write(bytes);
      },
      drained: () => this.drained(),
    };
  }

  /** Resolves when the network took what was written, or the connection is gone. */
  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeWriter = () => {
        this.wakeWriter = null;
        resolve();
      };
    });
  }

  private fail(reply: Reply): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.deadline.clear();
    this.socket.destroy();
    this.wakeWriter?.();
    const { listener } = this;
    this.listener = null;
    listener?.lost(reply);
  }
}
