/**
 * What Exim hears: one line that a string expansion can take apart.
 *
 *     accept
 *     refuse 550 5.1.8 TEXT
 *     defer 451 4.4.3 TEXT
 *     discard REASON
 *     error TEXT
 *
 * `error` is for a question that makes no sense: like any other line, Exim takes it for no answer.
 * TEXT ends up in `message = ...` and behind `:fail:` and `:defer:`, where it must not become anything
 * else: it holds letters, digits, blanks, full stops and hyphens only; others become blanks.
 */
import { type Reply, replies } from '../../mail/reply.ts';
import type { Verdict } from '../../verdict/verdict.ts';

export function formatAnswer(verdict: Verdict): string {
  switch (verdict.action) {
    case 'accept':
      return 'accept\n';
    // Exim has no place to keep mail aside here; what is dropped has its receipt.
    case 'quarantine':
    case 'discard':
      return `discard ${plain(verdict.reason)}\n`;
    case 'refuse':
      return `refuse ${withCode(verdict.reply ?? replies.recipientBlackhole)}\n`;
    case 'defer':
      return `defer ${withCode(verdict.reply ?? replies.internal)}\n`;
  }
}

export function formatError(problem: string): string {
  return `error ${plain(problem)}\n`;
}

function withCode({ code, status, text }: Reply): string {
  return `${code} ${status} ${plain(text)}`;
}

function plain(text: string): string {
  return text
    .replace(/[^A-Za-z0-9.-]+/g, ' ')
    .trim()
    .slice(0, 200);
}
