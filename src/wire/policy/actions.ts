/**
 * Verdicts in the words of access(5), as a policy server says them.
 *
 * Postfix src/smtpd/smtpd_check.c, check_table_result: an action is read word by word, an action of
 * digits alone means OK, and after 421 and 521 the connection is closed. So a reply always has its
 * text, and codes of these two kinds are not passed on.
 */
import { type Reply, replies } from '../../mail/reply.ts';
import { reasonWords } from '../../verdict/reasons.ts';
import type { Verdict } from '../../verdict/verdict.ts';

/** The answer to one request. */
export function formatAction(action: string): string {
  return `action=${action}\n\n`;
}

export const dunno = 'DUNNO';

/** About the sender: DISCARD and HOLD take the whole message, which is what was judged. */
export function senderAction(verdict: Verdict): string {
  if (verdict.action === 'discard') return `DISCARD ${textOf(reasonWords[verdict.reason])}`;
  if (verdict.action === 'quarantine') return `HOLD ${textOf(reasonWords[verdict.reason])}`;
  return actionOf(verdict);
}

/** About one recipient: there is no word for dropping or holding it alone, so it is asked for again later. */
export function recipientAction(verdict: Verdict): string {
  return actionOf(verdict);
}

function actionOf({ action, reply }: Verdict): string {
  switch (action) {
    case 'accept':
      return dunno;
    case 'refuse':
      return refusal(reply ?? replies.notMail);
    default:
      return deferral(reply ?? replies.internal);
  }
}

function refusal({ code, status, text }: Reply): string {
  const isOne = Number.isInteger(code) && code >= 500 && code <= 599 && code !== 521;
  const known = /^5\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '5.7.1';
  return `${isOne ? code : 550} ${known} ${textOf(text)}`;
}

/** Postfix's own restrictions after us may still refuse for good; the code is access_map_defer_code. */
function deferral({ status, text }: Reply): string {
  const known = /^4\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '4.3.0';
  return `DEFER_IF_PERMIT ${known} ${textOf(text)}`;
}

/** One line of printable US-ASCII: a backend may have written it. */
function textOf(text: string): string {
  const plain = text
    .slice(0, 2000)
    .replace(/[^\u0020-\u007e]+/g, ' ')
    .trim()
    .slice(0, 400);
  return plain === '' ? 'See the journal' : plain;
}
