/**
 * A verdict in the words of the protocol, where it does not let the mail go on.
 */
import type { Verdict } from '../../verdict/verdict.ts';
import type { MilterReply } from './replies.ts';

/** For verdicts that do not let the message go on. */
export function inWords(verdict: Verdict): MilterReply {
  if (verdict.action === 'discard') return { kind: 'discard' };
  // A quarantine that the mail server does not offer: later it may.
  if (verdict.action === 'quarantine') return { kind: 'tempfail' };
  if (verdict.reply) return { kind: 'reply', reply: verdict.reply };
  return { kind: verdict.action === 'refuse' ? 'reject' : 'tempfail' };
}
