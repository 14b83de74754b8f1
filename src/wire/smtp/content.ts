/**
 * DATA and BDAT: the content of a message, and what becomes of it.
 *
 * RFC 5321 §4.1.1.4, RFC 3030 §2 and §3, RFC 2033 §4.2 (LMTP: a reply for each recipient).
 */
import { type Reply, replies } from '../../mail/reply.ts';
import type { ContentFault, Effect } from './session.ts';
import {
  ask,
  type Chunk,
  close,
  endTransaction,
  fail,
  pardon,
  type Reading,
  read,
  type Session,
  type Step,
  type Transaction,
} from './state.ts';

const faultReplies: Readonly<Record<ContentFault, Reply>> = {
  bareLf: replies.contentBareLf,
  bareCr: replies.contentBareCr,
  nul: replies.contentNul,
  tooLarge: replies.tooLarge,
};

export function startData(session: Session): Step {
  const refusal = refusalOf(session);
  if (refusal) return fail(session, refusal);
  if (session.phase === 'bdat') return fail(session, replies.badSequence);
  // RFC 3030 §3
  if (session.transaction?.binary) return fail(session, replies.binaryNeedsBdat);
  return ask(session, { kind: 'begin', chunk: null }, { kind: 'begin' });
}

/** `argument`: how many octets follow, and perhaps LAST. */
export function startChunk(session: Session, argument: string): Step {
  const chunk = parseChunk(argument);
  // How much follows cannot be told, and none of it must be taken for commands.
  if (chunk === null) return close(session, replies.badArgument);
  const refusal = refusalOf(session);
  if (refusal) return passOver(session, chunk, refusal);
  const { transaction, terms } = session;
  if (transaction && transaction.octets + chunk.octets > terms.maxMessage)
    return passOver(session, chunk, replies.tooLarge);
  if (session.phase === 'bdat') return readChunk(session, chunk, false);
  return ask(session, { kind: 'begin', chunk }, { kind: 'begin' });
}

function parseChunk(argument: string): Chunk | null {
  const [, digits, last] = /^(\d{1,12})(?: +(last))?$/i.exec(argument) ?? [];
  return digits === undefined ? null : { octets: Number(digits), last: last !== undefined };
}

/** Why no content may come now; null where it may. */
function refusalOf({ transaction, terms }: Session): Reply | null {
  if (transaction === null) return replies.mailFirst;
  if (transaction.recipients > 0) return null;
  if (transaction.tried === 0) return replies.rcptFirst;
  // RFC 2033 §4.2 wants 503 where no recipient was accepted, RFC 5321 §3.3 554.
  return terms.protocol === 'lmtp' ? replies.rcptFirst : replies.noRecipients;
}

/** `begin` was granted. */
export function begin(session: Session, chunk: Chunk | null): Step {
  const next: Session = { ...session, messages: session.messages + 1 };
  if (chunk) return readChunk({ ...next, phase: 'bdat' }, chunk, true);
  return read(next, { kind: 'data' }, 'content', { kind: 'reply', reply: replies.goAhead });
}

/** `begin` was refused. */
export function refuseContent(session: Session, chunk: Chunk | null, reply: Reply): Step {
  return chunk ? passOver(session, chunk, reply) : endTransaction(session, fail(session, reply));
}

function readChunk(session: Session, { octets, last }: Chunk, first: boolean): Step {
  const { transaction } = session;
  if (transaction === null) throw new Error('a chunk without a transaction');
  const next: Session = {
    ...session,
    transaction: { ...transaction, octets: transaction.octets + octets },
  };
  const { binary } = transaction;
  return read(next, { kind: 'chunk', last }, { octets, first, last, binary, discard: false });
}

/** RFC 3030 §2: the octets of a refused BDAT follow all the same; they are read, and then refused. */
function passOver(session: Session, { octets }: Chunk, reply: Reply): Step {
  const what = { octets, first: true, last: true, binary: true, discard: true };
  return read(session, { kind: 'unwanted', reply }, what);
}

export function endContent(session: Session, reading: Reading, fault: ContentFault | null): Step {
  const next: Session = { ...session, reading: null };
  if (reading.kind === 'unwanted') return endRefused(next, reading.reply);
  if (fault) {
    const isWhole = reading.kind === 'data' || reading.last;
    return endRefused(next, faultReplies[fault], isWhole ? repliesOwed(session) : 1);
  }
  if (reading.kind === 'chunk' && !reading.last)
    return { next, effects: [{ kind: 'reply', reply: replies.chunkTaken }] };
  return ask(next, { kind: 'end' }, { kind: 'end' });
}

/** The transaction fails, and so do the chunks that may be on their way. */
function endRefused(session: Session, reply: Reply, times = 1): Step {
  const refused = pardon(fail(session, reply));
  const more: Effect[] = Array(times - 1).fill({ kind: 'reply', reply });
  return endTransaction(session, { ...refused, effects: [...more, ...refused.effects] });
}

/** RFC 2033 §4.2: in LMTP, one for each recipient that was accepted. */
function repliesOwed({ terms, transaction }: Session): number {
  return terms.protocol === 'lmtp' ? (transaction as Transaction).recipients : 1;
}

/** The message was judged: one reply, in LMTP one for each recipient. */
export function concludeContent(session: Session, found: readonly Reply[]): Step {
  if (found.length !== repliesOwed(session))
    throw new Error(`${found.length} replies for ${repliesOwed(session)} recipients`);
  const isTaken = found.some(({ code }) => code < 300);
  const effects: Effect[] = found.map((reply) => ({ kind: 'reply', reply }));
  const next = isTaken ? { ...session, errors: 0, idleCommands: 0 } : session;
  return endTransaction(session, { next, effects });
}

/** None of the recipients gets it. */
export function refuseMessage(session: Session, reply: Reply): Step {
  return endRefused(session, reply, repliesOwed(session));
}
