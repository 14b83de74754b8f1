/**
 * The rules of a conversation with a mail server: a command or a verdict in, effects out.
 *
 * They follow sendmail's libmilter/engine.c and what sendmail 8.17 and Postfix 3.7 do. The one that
 * matters most: exactly one answer for each command that expects one, and nothing for the others; a
 * single stray answer puts every later one in the wrong place.
 */
import type { Reply } from '../../mail/reply.ts';
import { greet, meet } from './client.ts';
import type { Command, Offer } from './commands.ts';
import { conclude } from './conclude.ts';
import { takeRecipient, takeSender } from './envelope.ts';
import { clearAfter, setMacros } from './macros.ts';
import { askLoop, endMessage, readHeader } from './message.ts';
import { formatTerms, negotiate, negotiatePlainly, type Terms } from './negotiate.ts';
import {
  answer,
  close,
  endTransaction,
  goOn,
  type Session,
  type SessionEvent,
  type Step,
  startSession,
  stay,
} from './session.ts';

/** Throws only where the caller breaks the order of commands and verdicts. */
export function step(session: Session, event: SessionEvent): Step {
  if (event.kind === 'verdict') return conclude(session, event.verdict);
  if (session.open) throw new Error('a command was handed in while a question is open');
  const { command } = event;
  if (command.kind === 'negotiate') return start(session, command.offer);
  if (session.terms === null) return close(session, `${command.kind} before the negotiation`);
  if (session.refusal) return turnAway(session, command, session.refusal);
  return obey(session, session.terms, command);
}

function start(session: Session, offer: Offer): Step {
  if (session.terms) return close(session, 'a second negotiation');
  const terms = session.refusal ? negotiatePlainly(offer) : negotiate(offer);
  if (terms === null) return close(session, `protocol version ${offer.version}`);
  return { next: { ...session, terms }, effects: [{ kind: 'send', bytes: formatTerms(terms) }] };
}

function turnAway(session: Session, command: Command, refusal: Reply): Step {
  switch (command.kind) {
    case 'macros':
    case 'abort':
    case 'quitNewConnection':
      return stay(session);
    case 'quit':
      return close(session, null);
    default:
      return answer(session, { kind: 'reply', reply: refusal });
  }
}

function obey(
  session: Session,
  terms: Terms,
  command: Exclude<Command, { kind: 'negotiate' }>,
): Step {
  const { transaction } = session;
  switch (command.kind) {
    case 'macros':
      if (command.stage === null) return stay(session);
      return stay({ ...session, macros: setMacros(session.macros, command.stage, command.pairs) });
    case 'connect': {
      const macros = clearAfter(session.macros, 'C');
      const client = meet(session.identity, macros, command);
      return goOn({ ...session, macros, client, transaction: null }, terms, 'connect');
    }
    case 'helo': {
      const macros = clearAfter(session.macros, 'H');
      const client = greet(session.client, command.name);
      return goOn({ ...session, macros, client, transaction: null }, terms, 'helo');
    }
    case 'mail':
      return takeSender(session, command.path, command.parameters);
    case 'rcpt':
      return takeRecipient(session, command.path);
    case 'data':
      return goOn(session, terms, 'data');
    case 'header':
      return goOn(readHeader(session, command.field, command.nameLength), terms, 'header');
    case 'endOfHeaders':
      // What the mail server hands over from itself can be answered at its end only.
      if (transaction === null || transaction.simulated || transaction.loopJudged)
        return answer(session, { kind: 'continue' });
      return askLoop(session, transaction, 'N');
    case 'body':
      return goOn(session, terms, 'body');
    case 'endOfMessage':
      if (transaction === null) return answer(session, { kind: 'continue' });
      return endMessage(session, terms, transaction);
    case 'unknown':
      return goOn(session, terms, 'unknown');
    case 'abort': // Postfix aborts when nothing is under way as well
      return stay(endTransaction(session));
    case 'quit':
      return close(session, null);
    case 'quitNewConnection':
      return stay({ ...startSession(session.identity), terms });
  }
}
