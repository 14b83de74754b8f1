/**
 * The state of one conversation with a mail server, and what a step of it may lead to.
 *
 * step.ts has the rules. All of it is plain data: server/ performs the effects.
 */
import type { Identity } from '../../mail/identity.ts';
import type { Reply } from '../../mail/reply.ts';
import type { Circumstances, Question, Verdict } from '../../verdict/verdict.ts';
import type { SessionClient } from './client.ts';
import type { SilentStep } from './codes.ts';
import type { Command, MacroStage } from './commands.ts';
import { clearFrom, type Macros, macroAt, noMacros } from './macros.ts';
import { isSilent, type Terms } from './negotiate.ts';
import { formatMilterReply, type MilterReply } from './replies.ts';
import type { Transaction } from './transaction.ts';

export interface Session {
  readonly identity: Identity;
  /** Turned away: every command is answered with this. */
  readonly refusal: Reply | null;
  /** Null until the negotiation, which comes once. */
  readonly terms: Terms | null;
  readonly macros: Macros;
  readonly client: SessionClient | null;
  /** See Circumstances: a mail server has one conversation with us for each connection. */
  readonly connection: object;
  readonly transaction: Transaction | null;
  /** The question that is open: until its verdict no command is taken. */
  readonly open: OpenQuestion | null;
}

type OpenQuestion =
  | { readonly about: 'sender' }
  /** `path` as the mail server wrote it. */
  | { readonly about: 'recipient' | 'notice'; readonly path: string }
  | { readonly about: 'loop'; readonly at: 'N' | 'E' };

export type Effect =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** The next event must be the verdict. While it is `patient`, progress may be sent. */
  | { readonly kind: 'ask'; readonly question: Question; readonly patient: boolean }
  /** `fault` says how the peer broke the protocol; null where it took its leave. */
  | { readonly kind: 'close'; readonly fault: string | null };

export type SessionEvent =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

export interface Step {
  readonly next: Session;
  readonly effects: readonly Effect[];
}

/** With a `refusal` the session turns its peer away, in the words of the protocol. */
export function startSession(identity: Identity, refusal: Reply | null = null): Session {
  return {
    identity,
    refusal,
    terms: null,
    macros: noMacros,
    client: null,
    connection: {},
    transaction: null,
    open: null,
  };
}

/** Whether a message is under way: a bad moment to close. */
export function inTransaction(session: Session): boolean {
  return session.transaction !== null || session.open !== null;
}

export function endTransaction(session: Session): Session {
  return { ...session, transaction: null, macros: clearFrom(session.macros, 'M') };
}

/** What every question tells of the conversation. */
export function circumstances(
  session: Session,
  stage: MacroStage,
  forwardPath: string | null,
): Circumstances {
  const { transaction, client, connection } = session;
  return {
    adapter: 'milter',
    ...(transaction?.simulated ? { client: null } : { client: client?.client ?? null, connection }),
    reversePath: transaction?.reversePath ?? null,
    forwardPath,
    queueId: macroAt(session.macros, stage, 'i'),
    ...(macroAt(session.macros, 'M', 'auth_authen') !== null && { isTrusted: true }),
  };
}

export function ask(next: Session, question: Question, patient = false): Step {
  return { next, effects: [{ kind: 'ask', question, patient }] };
}

export function answer(next: Session, ...answers: readonly MilterReply[]): Step {
  // By far the most frequent answer is made once and for all.
  if (answers.length === 1 && answers[0]?.kind === 'continue') return { next, effects: goAhead };
  return { next, effects: answers.map(send) };
}

function send(reply: MilterReply): Effect {
  return { kind: 'send', bytes: formatMilterReply(reply) };
}

const goAhead: readonly Effect[] = [send({ kind: 'continue' })];
const nothing: readonly Effect[] = [];

/** For steps about which we have nothing to say. */
export function goOn(next: Session, terms: Terms, at: SilentStep): Step {
  return isSilent(terms, at) ? stay(next) : answer(next, { kind: 'continue' });
}

export function stay(next: Session): Step {
  return { next, effects: nothing };
}

export function close(next: Session, fault: string | null): Step {
  return { next, effects: [{ kind: 'close', fault }] };
}
