/**
 * A milter session without sockets: frames in, replies out, every question recorded.
 */
import assert from 'node:assert/strict';
import type { Identity } from '../../src/mail/identity.ts';
import type { Question, Verdict } from '../../src/verdict/verdict.ts';
import { frameLimit } from '../../src/wire/milter/codes.ts';
import { parseCommand } from '../../src/wire/milter/commands.ts';
import { parseFrames } from '../../src/wire/milter/frames.ts';
import { type Effect, type Session, startSession } from '../../src/wire/milter/session.ts';
import { step } from '../../src/wire/milter/step.ts';
import { readReplies } from './mta.ts';

export const accepted: Verdict = {
  action: 'accept',
  reply: null,
  reason: 'deliverable',
  steps: [],
};

export const us: Identity = {
  ownNames: new Set(['mx.example.net']),
  isOwnAddress: (address) => address.text === '192.0.2.10',
};

export class Dialog {
  readonly questions: Question[] = [];
  session: Session;
  /** Set once the session wants to close. */
  closed: { readonly fault: string | null } | null = null;
  private readonly verdictOn: (question: Question) => Verdict;
  private rest: Uint8Array = new Uint8Array();
  private out: Uint8Array[] = [];

  constructor(verdictOn: (question: Question) => Verdict = () => accepted, session?: Session) {
    this.verdictOn = verdictOn;
    this.session = session ?? startSession(us);
  }

  /** The replies, in words. */
  send(...frames: readonly Uint8Array[]): string[] {
    return readReplies(this.sendBytes(Buffer.concat(frames)));
  }

  sendBytes(bytes: Uint8Array): Uint8Array {
    this.out = [];
    const { events, rest } = parseFrames(Buffer.concat([this.rest, bytes]), frameLimit);
    this.rest = rest;
    for (const event of events) {
      const command = event.kind === 'frame' ? parseCommand(event.command, event.body) : event;
      if (this.closed) break;
      if (command.kind === 'fault') this.closed = { fault: command.problem };
      else this.advance({ kind: 'command', command });
    }
    return Buffer.concat(this.out);
  }

  /** The last question. */
  get asked(): Question {
    const question = this.questions.at(-1);
    assert.ok(question, 'nothing was asked');
    return question;
  }

  private advance(event: Parameters<typeof step>[1]): void {
    const { next, effects } = step(this.session, event);
    this.session = next;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: Effect): void {
    if (effect.kind === 'send') this.out.push(effect.bytes);
    else if (effect.kind === 'close') this.closed = { fault: effect.fault };
    else {
      this.questions.push(effect.question);
      this.advance({ kind: 'verdict', verdict: this.verdictOn(effect.question) });
    }
  }
}
