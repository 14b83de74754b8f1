/**
 * The greeting and the client's: EHLO, HELO, LHLO, and what we offer in return.
 *
 * RFC 5321 §4.1.1.1 and §4.1.4, RFC 2033 §4.1 (LHLO), and for the keywords RFC 2920 (PIPELINING), 1870
 * (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 2034 (ENHANCEDSTATUSCODES), 3030 (CHUNKING, BINARYMIME),
 * 3461 (DSN), 3207 (STARTTLS), 4954 (AUTH), 9422 (LIMITS).
 */
import { type Reply, replies } from '../../mail/reply.ts';
import type { Effect, Terms } from './session.ts';
import { answer, ask, endTransaction, fail, type Session, type Step } from './state.ts';
import { xclientKeywords } from './xclient.ts';

/** RFC 5321 §4.5.3.1.2 for names. Clients call themselves all sorts of things, and that is no crime. */
const longestName = 255;
const printable = /^[!-~]+$/;

export function sayHello(session: Session, verb: 'EHLO' | 'HELO' | 'LHLO', name: string): Step {
  const isLmtp = session.terms.protocol === 'lmtp';
  // RFC 2033 §4.1: LMTP knows neither HELO nor EHLO.
  if ((verb === 'LHLO') !== isLmtp) return fail(session, replies.unknownCommand);
  if (!printable.test(name) || name.length > longestName) return fail(session, replies.badHello);
  return ask(session, { kind: 'hello', verb }, { kind: 'hello', verb, name });
}

/** RFC 5321 §4.1.4: a new EHLO ends the transaction that there is. */
export function welcome(session: Session, verb: 'EHLO' | 'HELO' | 'LHLO'): Step {
  const isExtended = verb !== 'HELO';
  const next: Session = { ...session, phase: 'ready', isExtended, pardons: 0 };
  const reply = named(session.terms, replies.hello);
  if (!isExtended) return endTransaction(session, answer(next, reply));
  const effect: Effect = { kind: 'reply', reply, lines: keywords(session) };
  return endTransaction(session, { next, effects: [effect] });
}

export function greet(session: Session): Step {
  const { terms } = session;
  const reply = terms.protocol === 'lmtp' ? replies.greetingLmtp : replies.greeting;
  return answer({ ...session, phase: 'greeted' }, named(terms, reply));
}

function named(terms: Terms, reply: Reply): Reply {
  return { ...reply, text: `${terms.name} ${reply.text}` };
}

function keywords(session: Session): string[] {
  const { terms, encrypted } = session;
  const found = [
    'PIPELINING',
    `SIZE ${terms.maxMessage}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    'BINARYMIME',
    'DSN',
    `LIMITS MAILMAX=${terms.maxMessages} RCPTMAX=${terms.maxRecipients}`,
  ];
  if (terms.offersTls && !encrypted) found.push('STARTTLS');
  if (terms.offersLogin && encrypted && !session.loggedIn) found.push('AUTH PLAIN LOGIN');
  if (session.mayXclient) found.push(xclientKeywords);
  return found;
}
