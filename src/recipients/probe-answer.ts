/**
 * What the answer of a backend to RCPT says about the mailbox.
 *
 * RFC 5321 §4.2.2 and §4.2.3, RFC 3463 §3.2: 5.1.x is about the address. Another 5xx is about us, the
 * sender or the mailbox's state, and is passed on in the backend's own words.
 */
import type { Reply } from '../mail/reply.ts';
import type { Verified } from './verify-cache.ts';

/** Null where it says nothing for good. */
export function readProbeAnswer(reply: Reply, at: number): Verified | null {
  if (reply.code >= 200 && reply.code < 300) return { at, kind: 'known', reply: null };
  if (reply.code < 500 || reply.code > 599) return null;
  if (isUnknown(reply)) return { at, kind: 'unknown', reply: null };
  return { at, kind: 'refused', reply: tame(reply) };
}

function isUnknown({ code, status }: Reply): boolean {
  // 5.1.1 no such mailbox, 5.1.2 no such system, 5.1.3 syntax, 5.1.6 moved, 5.1.10 null MX; 5.1.7 and
  // 5.1.8 are about the sender.
  if (status.startsWith('5.1.')) return !/^5\.1\.[789]$/.test(status);
  return [550, 551, 553].includes(code) && (status === '' || status === '5.0.0');
}

function tame({ code, status, text }: Reply): Reply {
  return {
    code,
    status: /^5\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '5.0.0',
    text:
      text
        .replace(/[^\u0021-\u007e]+/g, ' ')
        .trim()
        .slice(0, 400) || 'Refused',
  };
}
