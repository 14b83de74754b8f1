/**
 * The state of one conversation, and the small words that steps are made of.
 *
 * step.ts has the table of commands. All of it is plain data: server/ performs the effects.
 */
import { type Reply, replies } from '../../mail/reply.ts';
import type { ContentToRead, Effect, Request, Terms } from './session.ts';

export interface Session {
  readonly terms: Terms;
  readonly phase: Phase;
  /** EHLO or LHLO was said, not HELO: the client may pipeline. */
  readonly isExtended: boolean;
  readonly encrypted: boolean;
  readonly loggedIn: boolean;
  /** The client is a proxy that may tell for whom it speaks. */
  readonly mayXclient: boolean;
  /** Nothing but its answer may come while it is open. */
  readonly open: OpenRequest | null;
  /** An AUTH whose client owes us a line. */
  readonly login: LoginStage | null;
  readonly transaction: Transaction | null;
  /** The content that is being read. */
  readonly reading: Reading | null;
  /**
   * How many failures are pardoned: those of RCPT, DATA and BDAT that were on their way already when
   * MAIL or a chunk was refused.
   */
  readonly pardons: number;
  /** Transactions that reached their content. */
  readonly messages: number;
  /** Commands that failed since a message was taken. */
  readonly errors: number;
  /** Commands that lead to nothing, since a message was taken. */
  readonly idleCommands: number;
  readonly isStopping: boolean;
}

/**
 * `new` before the greeting, `greeted` before EHLO, `ready` after it; `mail` once a sender, `rcpt` once
 * a recipient was accepted, `bdat` once a chunk was begun; `closed` for good.
 */
export type Phase = 'new' | 'greeted' | 'ready' | 'mail' | 'rcpt' | 'bdat' | 'closed';

export interface Transaction {
  readonly smtpUtf8: boolean;
  readonly binary: boolean;
  /** Accepted ones. */
  readonly recipients: number;
  /** How often RCPT was said, be it in vain. */
  readonly tried: number;
  /** Octets of its chunks so far. */
  readonly octets: number;
}

/** A chunk of BDAT. */
export interface Chunk {
  readonly octets: number;
  readonly last: boolean;
}

export type OpenRequest =
  | { readonly kind: 'greet' | 'rcpt' | 'end' | 'login' }
  | { readonly kind: 'hello'; readonly verb: 'EHLO' | 'HELO' | 'LHLO' }
  | { readonly kind: 'mail'; readonly smtpUtf8: boolean; readonly binary: boolean }
  /** `chunk`: for BDAT; null for DATA. */
  | { readonly kind: 'begin'; readonly chunk: Chunk | null };

export type LoginStage =
  | { readonly kind: 'plain' }
  | { readonly kind: 'loginUser' }
  | { readonly kind: 'loginPassword'; readonly user: string };

export type Reading =
  | { readonly kind: 'data' }
  | { readonly kind: 'chunk'; readonly last: boolean }
  /** Octets of a BDAT that was refused with `reply`, which is told once they are over. */
  | { readonly kind: 'unwanted'; readonly reply: Reply };

export interface Step {
  readonly next: Session;
  readonly effects: readonly Effect[];
}

export function startSession(terms: Terms): Session {
  return {
    terms,
    phase: 'new',
    isExtended: false,
    encrypted: false,
    loggedIn: false,
    mayXclient: false,
    open: null,
    login: null,
    transaction: null,
    reading: null,
    pardons: 0,
    messages: 0,
    errors: 0,
    idleCommands: 0,
    isStopping: false,
  };
}

const none: readonly Effect[] = [];
const resetEffect: Effect = { kind: 'reset' };
const closeEffect: Effect = { kind: 'close' };

export function stay(next: Session): Step {
  return { next, effects: none };
}

/** One reply, and all is well. */
export function answer(next: Session, reply: Reply): Step {
  return { next, effects: [{ kind: 'reply', reply }] };
}

/** The command failed. Too many of those end the connection. */
export function fail(session: Session, reply: Reply): Step {
  if (session.pardons > 0) return answer({ ...session, pardons: session.pardons - 1 }, reply);
  const errors = session.errors + 1;
  const next = { ...session, errors };
  if (errors < session.terms.maxErrors) return answer(next, reply);
  return close(next, reply, replies.tooManyErrors);
}

/** The last words, and the end. */
export function close(session: Session, ...last: readonly Reply[]): Step {
  const effects: Effect[] = last.map((reply) => ({ kind: 'reply', reply }));
  if (session.transaction) effects.unshift(resetEffect);
  effects.push(closeEffect);
  const next: Session = {
    ...session,
    phase: 'closed',
    open: null,
    login: null,
    transaction: null,
    reading: null,
  };
  return { next, effects };
}

export function ask(session: Session, open: OpenRequest, request: Request): Step {
  return { next: { ...session, open }, effects: [{ kind: 'ask', request }] };
}

export function read(
  session: Session,
  reading: Reading,
  what: ContentToRead,
  ...first: Effect[]
): Step {
  return { next: { ...session, reading }, effects: [...first, { kind: 'read', what }] };
}

/** `step`, after which the transaction that there was in `session` is over. */
export function endTransaction(session: Session, step: Step): Step {
  if (session.transaction === null || step.next.phase === 'closed') return step;
  const next: Session = { ...step.next, phase: 'ready', transaction: null, reading: null };
  return { next, effects: [resetEffect, ...step.effects] };
}

/** After a refusal of what the client may have sent more of already. */
export function pardon(step: Step): Step {
  const { next } = step;
  return { ...step, next: { ...next, pardons: next.terms.maxRecipients + 2 } };
}
