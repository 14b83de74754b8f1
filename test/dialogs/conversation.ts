/**
 * An SMTP session without sockets: bytes in, replies out, requests recorded and answered by a script.
 */
import type { Reply } from '../../src/mail/reply.ts';
import { formatSmtpReply } from '../../src/wire/smtp/format-reply.ts';
import { createReader, type Reader } from '../../src/wire/smtp/reader.ts';
import type {
  Answer,
  Effect,
  Request,
  SessionEvent,
  Terms,
  XclientAttributes,
} from '../../src/wire/smtp/session.ts';
import { type Session, startSession } from '../../src/wire/smtp/state.ts';
import { step } from '../../src/wire/smtp/step.ts';

export const usualTerms: Terms = {
  name: 'mx.example.org',
  protocol: 'smtp',
  maxMessage: 10_000,
  maxRecipients: 100,
  maxMessages: 100,
  maxErrors: 20,
  offersTls: true,
  requiresTls: false,
  offersLogin: false,
  requiresLogin: false,
};

export interface TakenMessage {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  /** As latin1. */
  readonly content: string;
}

/** Null: all is granted. */
export type Script = (request: Request, conversation: Conversation) => Answer | null;

export interface ConversationOptions {
  readonly terms?: Partial<Terms>;
  readonly encrypted?: boolean;
  readonly xclient?: boolean;
  readonly script?: Script;
  /** The client did not wait for the greeting. */
  readonly early?: boolean;
}

/** As the server would answer: with the name that the message got. */
export const taken: Reply = { code: 250, status: '2.0.0', text: 'Taken as 00000000001' };

export class Conversation {
  readonly terms: Terms;
  readonly requests: Request[] = [];
  /** Every reply that was given, as it was given. */
  readonly given: Reply[] = [];
  readonly messages: TakenMessage[] = [];
  readonly clients: XclientAttributes[] = [];
  /** How often the server was told to drop its draft. */
  resets = 0;
  session: Session;
  closed = false;
  startsTls = false;
  reversePath = '';
  forwardPaths: string[] = [];
  content = '';
  private readonly reader: Reader;
  private readonly script: Script;
  private readonly early: boolean;
  private out = '';

  constructor({ terms, script, early, encrypted, xclient }: ConversationOptions = {}) {
    this.terms = { ...usualTerms, ...terms };
    this.session = startSession(this.terms);
    this.reader = createReader(this.terms.maxMessage);
    this.script = script ?? (() => null);
    this.early = early ?? false;
    this.happen({ kind: 'connected', encrypted: encrypted ?? false, xclient: xclient ?? false });
  }

  /** The reply lines to these bytes (as latin1) and to what came before, without CRLF. */
  send(bytes: string | Buffer): string[] {
    this.push(bytes);
    return this.takeLines();
  }

  push(bytes: string | Buffer): void {
    this.reader.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    this.pump();
  }

  takeLines(): string[] {
    const lines = this.out.split('\r\n');
    const rest = lines.pop();
    if (rest !== '') throw new Error(`half a reply: ${rest}`);
    this.out = '';
    return lines;
  }

  happen(event: SessionEvent): void {
    const { next, effects } = step(this.session, event);
    this.session = next;
    for (const effect of effects) this.perform(effect);
  }

  /** Octets that wait to be read. */
  get unread(): number {
    return this.reader.unread;
  }

  private pump(): void {
    while (!this.closed && !this.startsTls) {
      const event = this.reader.next();
      if (event === null) return;
      if (event.kind === 'content') this.content += event.piece.toString('latin1');
      else this.happen(event);
    }
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'reply':
        this.given.push(effect.reply);
        this.out += formatSmtpReply(effect.reply, effect.lines);
        break;
      case 'ask':
        this.requests.push(effect.request);
        this.happen({
          kind: 'answer',
          answer: this.answer(effect.request),
          more: effect.request.kind === 'greet' ? this.early : this.reader.unread > 0,
        });
        break;
      case 'read':
        this.reader.read(effect.what);
        break;
      case 'reset':
        this.resets++;
        this.forget();
        break;
      case 'startTls':
        this.reader.discard();
        this.startsTls = true;
        break;
      case 'setClient':
        this.clients.push(effect.client);
        break;
      case 'close':
        this.closed = true;
    }
  }

  /** The handshake is done. */
  secure(): void {
    this.startsTls = false;
    this.happen({ kind: 'secured' });
    this.pump();
  }

  private answer(request: Request): Answer {
    const scripted = this.script(request, this);
    if (scripted?.kind !== 'refused') this.remember(request);
    if (scripted) return scripted;
    if (request.kind !== 'end') return { kind: 'granted' };
    const owed = this.terms.protocol === 'lmtp' ? this.forwardPaths.length : 1;
    const { reversePath, forwardPaths, content } = this;
    this.messages.push({ reversePath, forwardPaths, content });
    return { kind: 'replied', replies: Array(owed).fill(taken) };
  }

  private remember(request: Request): void {
    if (request.kind === 'mail') this.reversePath = request.parameters.reversePath;
    if (request.kind === 'rcpt') this.forwardPaths.push(request.parameters.forwardPath);
  }

  private forget(): void {
    this.reversePath = '';
    this.forwardPaths = [];
    this.content = '';
  }
}
