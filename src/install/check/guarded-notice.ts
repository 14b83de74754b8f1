/**
 * What becomes of a notice to a dead end where a guard may stand before it.
 */
import { type Foretold, foretold } from '../../foreign/foretold.ts';
import type { GuardFound } from './server-check.ts';

/** `alone`: what the server does by itself. */
export function guardedNotice(guard: GuardFound, alone: Foretold): Foretold {
  if (guard.state !== 'installed' || !guard.seesNotices) return alone;
  if (guard.isAnswering)
    return foretold('ended', ['the guard is asked about each notice, and answers']);
  if (guard.onFailure === 'closed')
    return foretold('waits', ['the guard does not answer, and mail waits for it (closed)']);
  return {
    ...alone,
    because: ['the guard does not answer, and mail goes on without it (open)', ...alone.because],
  };
}
