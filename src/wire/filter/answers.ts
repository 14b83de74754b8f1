/**
 * What a filter tells smtpd: what it wants to hear, and its answers.
 *
 * lka_filter.c and smtp_session.c, IMSG_FILTER_SMTP_PROTOCOL. smtpd is strict: over a line that it does
 * not understand it ends itself, and over a reply that is none it tells its client 421.
 */
import { formatReply, type Reply } from '../../mail/reply.ts';
import { identifier, splitFields } from './messages.ts';

export type FilterAnswer =
  | { readonly kind: 'proceed' }
  /** `reply` is one line, such as `550 5.1.10 Recipient domain takes no mail`. */
  | { readonly kind: 'reject'; readonly reply: string };

export const proceed: FilterAnswer = { kind: 'proceed' };

/** Reports and phases that the guard needs; `register|ready` ends the handshake. */
export const registration: readonly string[] = [
  ...['link-connect', 'link-identify', 'link-disconnect'].map(
    (event) => `register|report|smtp-in|${event}`,
  ),
  ...['tx-begin', 'tx-mail', 'tx-reset', 'tx-commit', 'tx-rollback'].map(
    (event) => `register|report|smtp-in|${event}`,
  ),
  ...['mail-from', 'rcpt-to'].map((phase) => `register|filter|smtp-in|${phase}`),
  'register|ready',
];

export function rejectWith(reply: Reply): FilterAnswer {
  const text = printableLine(formatReply(reply));
  if (isReply(text)) return { kind: 'reject', reply: text };
  const isPermanent = reply.code >= 500 && reply.code <= 599;
  return { kind: 'reject', reply: isPermanent ? '550 Refused' : '451 Try again later' };
}

/** Without a line end. */
export function formatAnswer(session: string, token: string, answer: FilterAnswer): string {
  const said = answer.kind === 'proceed' ? 'proceed' : `reject|${answer.reply}`;
  return `filter-result|${session}|${token}|${said}`;
}

export type AnswerLine =
  | {
      readonly kind: 'answer';
      readonly session: string;
      readonly token: string;
      readonly answer: FilterAnswer;
    }
  | { readonly kind: 'register'; readonly isReady: boolean }
  | { readonly kind: 'fault' };

/** What another filter of ours has written, and nothing else. */
export function parseAnswer(line: string): AnswerLine {
  const [kind, session = '', token = '', said = ''] = splitFields(line, 4);
  if (kind === 'register') return { kind, isReady: line === 'register|ready' };
  if (kind !== 'filter-result' || !identifier.test(session) || !identifier.test(token))
    return wrong;
  if (said === 'proceed') return { kind: 'answer', session, token, answer: proceed };
  const reply = said.startsWith('reject|') ? said.slice(7) : '';
  return isReply(reply)
    ? { kind: 'answer', session, token, answer: { kind: 'reject', reply } }
    : wrong;
}

const wrong: AnswerLine = { kind: 'fault' };

/** 421 would end the connection as well. smtpd 6.8 cuts a line of ours at 2,048. */
function isReply(text: string): boolean {
  return /^(?!421)[45]\d\d [ -~]{1,500}$/.test(text);
}

function printableLine(text: string): string {
  return text
    .slice(0, 2000)
    .replace(/[^ -~]+/g, ' ')
    .replace(/^421/, '451')
    .trim()
    .slice(0, 450);
}
