/**
 * A query of smtpd as a question, and a verdict as the answer to it.
 */
import type { NextHop } from '../../mail/envelope.ts';
import type { Question, Verdict } from '../../verdict/verdict.ts';
import { type FilterAnswer, proceed, rejectWith } from './answers.ts';
import type { FilterMessage } from './messages.ts';
import { type FilterSession, textOf } from './sessions.ts';

type Query = Extract<FilterMessage, { kind: 'query' }>;

/** What smtpd's own rules make of an address; null: they do not take it, or are not known. */
export type RouteOf = (address: string) => NextHop | null;

/** Null: nothing to ask. */
export function questionOf(
  query: Query,
  session: FilterSession,
  routeOf: RouteOf,
): Question | null {
  const path = textOf(query.parameter);
  const { client, connection, queueId, reversePath, isLocal } = session;
  const base = { adapter: 'filter', client, queueId, ...(connection && { connection }) } as const;
  switch (query.phase) {
    case 'mail-from':
      // Whoever sits on the machine itself can be told of a failure, whatever his sender.
      if (isLocal) return null;
      return {
        ...base,
        check: 'sender',
        forwardPath: null,
        // The message before this one has nothing to do with it.
        queueId: null,
        reversePath: path,
        nextHop: routeOf(path),
      };
    case 'rcpt-to': {
      const asked = { ...base, reversePath, forwardPath: path, nextHop: routeOf(path) };
      // smtpd hands its own notices to itself over the socket of the machine.
      return isLocal && reversePath === ''
        ? { ...asked, check: 'notice' }
        : { ...asked, check: 'mailbox', mayRelay: true };
    }
    default:
      return null;
  }
}

/** smtpd can drop nothing in silence: what it refuses its own notice with ends that notice for good. */
export function answerOf(verdict: Verdict): FilterAnswer {
  if (verdict.action === 'accept') return proceed;
  if (verdict.reply) return rejectWith(verdict.reply);
  return verdict.action === 'discard' || verdict.action === 'refuse' ? ended : later;
}

const ended = rejectWith({ code: 550, status: '5.4.4', text: 'Nobody can receive this notice' });
const later = rejectWith({ code: 451, status: '4.3.0', text: 'Try again later' });
