/**
 * Verdicts and replies of backends as answers to the session.
 */
import { isPositive, type Reply, replies } from '../../mail/reply.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import type { Answer } from '../../wire/smtp/session.ts';

export const granted: Answer = { kind: 'granted' };

export function refuse(reply: Reply, close = false): Answer {
  return { kind: 'refused', reply, close };
}

/** A quarantine is not ours to keep during SMTP: later it may be decided otherwise. */
export function answerOf(verdict: Verdict): Answer {
  switch (verdict.action) {
    case 'accept':
    case 'discard':
      return granted;
    case 'refuse':
    case 'defer':
    case 'quarantine':
      // RFC 5321 §3.8: with 421 the connection ends.
      return refuse(verdict.reply ?? replies.internal, verdict.reply?.code === 421);
  }
}

export function takenAs(id: string): Reply {
  return { code: 250, status: '2.0.0', text: `Taken as ${id}` };
}

/**
 * What the client hears of recipients that stand for those at `places` in `told`: good if one of them
 * was taken. SMTP has one reply for all, LMTP one for each.
 */
export function replyFor(told: readonly Reply[], places: readonly number[], taken: Reply): Reply {
  const found = places.flatMap((place) => told[place] ?? []);
  return found.some(isPositive) ? taken : (found[0] ?? taken);
}

/** Refused by the backend though the client hears a good reply: those are ours to report now. */
export function owed(told: readonly Reply[], groups: readonly (readonly number[])[]): Set<number> {
  const isTaken = told.map(isPositive);
  const heardGood = groups.filter((places) => places.some((place) => isTaken[place]));
  return new Set(heardGood.flat().filter((place) => !isTaken[place]));
}
