/**
 * MAIL and RCPT.
 *
 * RFC 5321 §4.1.1.2 and §4.1.1.3, RFC 1870 §6 (SIZE), RFC 9422 §3 (limits).
 */
import { type Reply, replies } from '../../mail/reply.ts';
import { parseMail } from './mail-command.ts';
import { parseRcpt } from './rcpt-command.ts';
import type { Effect } from './session.ts';
import {
  answer,
  ask,
  close,
  fail,
  type OpenRequest,
  pardon,
  type Session,
  type Step,
} from './state.ts';

export function takeSender(session: Session, argument: string): Step {
  const { terms } = session;
  if (terms.requiresTls && !session.encrypted) return pardon(fail(session, replies.tlsFirst));
  if (terms.requiresLogin && !session.loggedIn) return pardon(fail(session, replies.loginFirst));
  if (session.messages >= terms.maxMessages) return close(session, replies.tooManyMessages);
  const command = parseMail(argument);
  if (command.kind === 'refused') return pardon(fail(session, command.reply));
  const { parameters, declaredSize } = command;
  if (declaredSize !== null && declaredSize > terms.maxMessage)
    return pardon(fail(session, replies.tooLarge));
  const { smtpUtf8, body } = parameters;
  return ask(
    session,
    { kind: 'mail', smtpUtf8, binary: body === 'binarymime' },
    { kind: 'mail', parameters, declaredSize },
  );
}

export function acceptSender(
  session: Session,
  { smtpUtf8, binary }: Extract<OpenRequest, { kind: 'mail' }>,
): Step {
  const transaction = { smtpUtf8, binary, recipients: 0, tried: 0, octets: 0 };
  return { next: { ...session, phase: 'mail', transaction }, effects: senderOk };
}

const rcptOpen: OpenRequest = { kind: 'rcpt' };

export function takeRecipient(session: Session, argument: string): Step {
  const { transaction } = session;
  if (transaction === null) return fail(session, replies.mailFirst);
  const tried: Session = {
    ...session,
    transaction: { ...transaction, tried: transaction.tried + 1 },
  };
  const command = parseRcpt(argument, transaction.smtpUtf8);
  if (command.kind === 'refused') return fail(tried, command.reply);
  // RFC 5321 §4.5.3.1.10: what is too much goes into another transaction.
  if (transaction.recipients >= session.terms.maxRecipients)
    return deferRecipient(tried, replies.tooManyRecipients);
  return ask(tried, rcptOpen, { kind: 'rcpt', parameters: command.parameters });
}

/** What cannot be taken now is no fault of the client, unless there is no end to it. */
export function deferRecipient(session: Session, reply: Reply): Step {
  const { transaction, terms } = session;
  const isEndless = transaction !== null && transaction.tried > 2 * terms.maxRecipients + 100;
  return isEndless ? fail(session, reply) : answer(session, reply);
}

export function acceptRecipient(session: Session): Step {
  const { transaction } = session;
  if (transaction === null) throw new Error('a recipient without a transaction');
  const recipients = transaction.recipients + 1;
  const next: Session = {
    ...session,
    phase: 'rcpt',
    transaction: { ...transaction, recipients },
  };
  return { next, effects: recipientOk };
}

// By far the most frequent answers are made once and for all.
const senderOk: readonly Effect[] = [{ kind: 'reply', reply: replies.senderOk }];
const recipientOk: readonly Effect[] = [{ kind: 'reply', reply: replies.recipientOk }];
