/**
 * MAIL and RCPT: the questions about sender and recipients.
 */
import type { NextHop } from '../../mail/envelope.ts';
import { isSimulated } from './client.ts';
import type { MacroStage } from './commands.ts';
import { clearAfter, type Macros, macroAt, setMacros } from './macros.ts';
import { barePath } from './paths.ts';
import { answer, ask, circumstances, type Session, type Step } from './session.ts';
import { addRecipient, beginTransaction } from './transaction.ts';

export function takeSender(session: Session, path: string, parameters: readonly string[]): Step {
  const macros = clearAfter(session.macros, 'M');
  const reversePath = barePath(path);
  const simulated = isSimulated(session.client, path);
  const transaction = beginTransaction(reversePath, parameters, simulated);
  const begun: Session = { ...session, macros, transaction };
  if (transaction.simulated) return answer(begun, { kind: 'continue' });
  return ask(
    { ...begun, open: { about: 'sender' } },
    {
      ...circumstances(begun, 'M', null),
      check: 'sender',
      reversePath,
      nextHop: nextHop(macros, 'M', 'mail'),
    },
  );
}

export function takeRecipient(session: Session, path: string): Step {
  const forwardPath = barePath(path);
  const base = circumstances(session, 'R', forwardPath);
  const hop = nextHop(session.macros, 'R', 'rcpt');
  const next = { ...session, macros: forgetNextHop(session.macros) };
  const { transaction } = session;
  // Whom the server takes mail for beyond the mailboxes that we know of is its own affair.
  if (!transaction?.simulated)
    return ask(
      { ...next, open: { about: 'recipient', path } },
      { ...base, check: 'mailbox', forwardPath, mayRelay: true, nextHop: hop },
    );
  const added = { ...next, transaction: addRecipient(transaction, path) };
  // Postfix takes a refused recipient of its own for an error in its configuration, so the verdict
  // waits for the end of the message. A local submission can be reported to its sender: no question.
  if (transaction.reversePath !== '') return answer(added, { kind: 'continue' });
  return ask(
    { ...added, open: { about: 'notice', path } },
    { ...base, check: 'notice', forwardPath, nextHop: hop },
  );
}

/** The next recipient must not inherit the next hop of this one; the queue id stays. */
function forgetNextHop(macros: Macros): Macros {
  const queueId = macroAt(macros, 'R', 'i');
  return setMacros(clearAfter(macros, 'R'), 'R', queueId === null ? [] : ['i', queueId]);
}

/** Where the mail server itself is about to send: sendmail has resolved the address by now. */
function nextHop(macros: Macros, stage: MacroStage, prefix: 'mail' | 'rcpt'): NextHop | null {
  const mailer = macroAt(macros, stage, `${prefix}_mailer`);
  const host = macroAt(macros, stage, `${prefix}_host`);
  const address = macroAt(macros, stage, `${prefix}_addr`);
  return mailer === null && host === null ? null : { mailer, host: host ?? '', address };
}
