/**
 * Header and end of a message: is it going in circles, and what becomes of it in the end?
 */
import { addHeader } from '../../mail/hop-facts.ts';
import { isSameAddress } from '../../mail/same-address.ts';
import { noLoopFacts } from '../../verdict/loop-facts.ts';
import { isOurselves, isOwnName } from './client.ts';
import { allows, type Terms } from './negotiate.ts';
import type { MilterReply } from './replies.ts';
import { answer, ask, circumstances, endTransaction, type Session, type Step } from './session.ts';
import { isAllDiscarded, type Transaction } from './transaction.ts';
import { inWords } from './verdicts.ts';

export function readHeader(session: Session, field: Uint8Array, nameLength: number): Session {
  const { transaction, identity, macros, client } = session;
  if (transaction === null) return session;
  // Name NUL value NUL: see commands.ts.
  const place = { nameLength, valueStart: nameLength + 1, valueEnd: field.length - 1 };
  const hops = addHeader(transaction.hops, field, place, {
    isOwnName: (text) => isOwnName(identity, macros, text),
    isRecipient: (text) => transaction.recipients.some((path) => isSameAddress(path, text)),
    trusted: client?.isOurs ?? false,
  });
  if (hops === transaction.hops) return session;
  return { ...session, transaction: { ...transaction, hops } };
}

export function askLoop(session: Session, transaction: Transaction, at: 'N' | 'E'): Step {
  const { received, ownReceived, deliveredToRecipient } = transaction.hops;
  const only = transaction.accepted === 1 ? (transaction.recipients[0] ?? null) : null;
  return ask(
    { ...session, transaction: { ...transaction, loopJudged: true }, open: { about: 'loop', at } },
    {
      ...circumstances(session, at, only),
      check: 'loop',
      ...(transaction.size !== null && { size: transaction.size }),
      facts: {
        ...noLoopFacts,
        received,
        ownReceived,
        fromOurselves: isOurselves(session.identity, session.macros, session.client),
        deliveredToRecipient,
        // What is wrapped in the body is not known here; a null reverse-path tells of one notice.
        noticeDepth: transaction.reversePath === '' ? 1 : 0,
      },
    },
    at === 'E',
  );
}

export function endMessage(session: Session, terms: Terms, transaction: Transaction): Step {
  const ended = endTransaction(session);
  const { deferral, discarded, quarantine } = transaction;
  if (deferral) return answer(ended, inWords(deferral));
  if (isAllDiscarded(transaction)) return answer(ended, { kind: 'discard' });
  if (!transaction.loopJudged) return askLoop(session, transaction, 'E');
  const edits: MilterReply[] = allows(terms, 'deleteRecipient')
    ? discarded.map((path) => ({ kind: 'deleteRecipient', path }))
    : [];
  if (quarantine !== null) edits.push({ kind: 'quarantine', reason: quarantine });
  return answer(ended, ...edits, { kind: 'continue' });
}
