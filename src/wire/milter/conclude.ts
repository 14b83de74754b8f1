/**
 * Verdicts come in: what the mail server hears at once, and what waits for the end of the message.
 */
import { reasonWords } from '../../verdict/reasons.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import { endMessage } from './message.ts';
import { allows, type Terms } from './negotiate.ts';
import type { MilterReply } from './replies.ts';
import { answer, endTransaction, type Session, type Step } from './session.ts';
import { addRecipient, discardRecipient, type Transaction } from './transaction.ts';
import { inWords } from './verdicts.ts';

export function conclude(session: Session, verdict: Verdict): Step {
  const { open, terms, transaction } = session;
  if (open === null || terms === null) throw new Error('a verdict came without a question');
  const closed = { ...session, open: null };
  if (open.about === 'recipient') return concludeRecipient(closed, terms, open.path, verdict);
  if (transaction === null) throw new Error('a transaction ended while a question was open');
  if (open.about === 'notice') return concludeNotice(closed, transaction, open.path, verdict);
  return concludeMessage(
    closed,
    terms,
    transaction,
    open.about === 'loop' ? open.at : 'M',
    verdict,
  );
}

/** About the sender or about a loop: the verdict is on the whole message. */
function concludeMessage(
  session: Session,
  terms: Terms,
  transaction: Transaction,
  at: 'M' | 'N' | 'E',
  verdict: Verdict,
): Step {
  const held = verdict.action === 'quarantine' ? hold(transaction, terms, verdict) : null;
  if (verdict.action === 'accept' || held) {
    const kept = held ?? transaction;
    const next = { ...session, transaction: kept };
    return at === 'E' ? endMessage(next, terms, kept) : answer(next, { kind: 'continue' });
  }
  // A refused notice of the mail server's own would become a notice about a notice.
  const isNotice = transaction.simulated && transaction.reversePath === '';
  const words: MilterReply =
    isNotice && verdict.action === 'refuse' ? { kind: 'discard' } : inWords(verdict);
  return answer(endTransaction(session), words);
}

/** Refusals concern this one recipient; the message goes on without it. */
function concludeRecipient(session: Session, terms: Terms, path: string, verdict: Verdict): Step {
  const { transaction } = session;
  if (verdict.action === 'refuse' || verdict.action === 'defer')
    return answer(session, inWords(verdict));
  if (transaction === null)
    return answer(session, verdict.action === 'accept' ? { kind: 'continue' } : inWords(verdict));
  const added = addRecipient(transaction, path);
  let next: Transaction | null = added;
  if (verdict.action === 'quarantine') next = hold(added, terms, verdict);
  // `d` would take the message from all its recipients: this one is taken off at the end instead.
  if (verdict.action === 'discard')
    next = allows(terms, 'deleteRecipient') ? discardRecipient(added, path) : null;
  if (next === null) return answer(session, { kind: 'tempfail' });
  return answer({ ...session, transaction: next }, { kind: 'continue' });
}

/** Of a notice of the mail server's own: nothing may be said before the end of the message. */
function concludeNotice(
  session: Session,
  transaction: Transaction,
  path: string,
  verdict: Verdict,
): Step {
  let next: Transaction | null = transaction;
  if (verdict.action === 'refuse' || verdict.action === 'discard')
    next = discardRecipient(transaction, path);
  else if (verdict.action === 'defer') next = { ...transaction, deferral: verdict };
  else if (verdict.action === 'quarantine')
    next = { ...transaction, quarantine: reasonWords[verdict.reason] };
  return answer({ ...session, transaction: next ?? transaction }, { kind: 'continue' });
}

/** Marks the message for quarantine at its end; null where the mail server offers none. */
function hold(transaction: Transaction, terms: Terms, verdict: Verdict): Transaction | null {
  if (!allows(terms, 'quarantine')) return null;
  return { ...transaction, quarantine: reasonWords[verdict.reason] };
}
