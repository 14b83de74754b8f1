/**
 * What becomes of a notice to a dead end where a guard may stand before it.
 */
import { type Foretold, foretold } from '../../foreign/foretold.ts';
import type { GuardFound } from './server-check.ts';

/** `alone`: what the server does by itself. */
export function guardedNotice(guard: GuardFound, alone: Foretold): Foretold {
  const { state, noticesBy, noticeMode, isAnswering, onFailure } = guard;
  if (state !== 'installed' || noticesBy === null) return alone;
  const goesOn = (why: string): Foretold => ({ ...alone, because: [why, ...alone.because] });
  if (!isAnswering)
    return onFailure === 'closed'
      ? foretold('waits', ['the guard does not answer, and mail waits for it (closed)'])
      : goesOn('the guard does not answer, and mail goes on without it (open)');
  switch (noticeMode) {
    case 'watch':
      return goesOn('the guard is asked about each notice, and only watches');
    case 'off':
      return goesOn('the guard is asked, and its check of them is off');
    case 'enforce':
    case null:
      return foretold('ended', ['the guard is asked about each notice, and answers']);
  }
}
