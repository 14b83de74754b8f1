/**
 * What sendmail asks: the key of the socket maps `guard` and `guard_alive`, and the value it obeys.
 *
 * The rules that build the key stand in foreign/sendmail/guard-rules.ts; each statement here was
 * proved on sendmail 8.17.1.9.
 *
 *     alive
 *     compat(KIND)(QUEUE-ID)(MAILER)(HOST)(ADDRESS)(RECIPIENT)(SENDER)
 *
 * - `alive` asks whether anybody is there; any value will do. Asked with the failure mode `closed`.
 * - KIND is `notice` for what sendmail itself reports (sender `$n`, MAILER-DAEMON) and for the null
 *   reverse-path of anybody else's notice, `mail` for all the rest.
 * - MAILER, HOST and ADDRESS are what sendmail's own tables make of the recipient, aliases,
 *   virtusertable, mailertable and smarthost included: `esmtp`, `example.org.` or `[192.0.2.7]`,
 *   `ann<@example.org.>`.
 * - RECIPIENT and SENDER are as sendmail logs them, mostly in angle brackets. The key is cut at 1,023
 *   bytes, so the last fields may be missing; what a verdict needs stands before them.
 *
 * Strangers write the last four fields. A field cannot be broken by them: sendmail takes comments out
 * of addresses, so that a parenthesis stands only inside of quotes or behind a backslash, and the map
 * keeps both (flag -q). It refuses bytes 0x80 to 0x9f and control characters in addresses.
 *
 * The answer is `OK VALUE` with one of
 *
 *     pass                    deliver
 *     discard REASON          drop this recipient, tell nobody
 *     refuse D.S.N TEXT       fail this recipient, without a connection; its sender hears TEXT
 *
 * or `TEMP TEXT`, with which sendmail goes on by itself. sendmail reads a value like an address, so
 * that the text may hold letters, digits, blanks and hyphens only; others become blanks.
 */
import { withoutBrackets } from '../../mail/address.ts';
import type { NextHop } from '../../mail/envelope.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import { found, temporary } from './replies.ts';

export interface SendmailDelivery {
  readonly kind: 'compat';
  /** The message is a failure notice, ours or somebody else's. */
  readonly notice: boolean;
  readonly queueId: string | null;
  readonly nextHop: NextHop;
  readonly forwardPath: string;
  /** '' for a notice; null where the key was cut before it. */
  readonly reversePath: string | null;
}

export type SendmailRequest =
  | { readonly kind: 'alive' }
  | SendmailDelivery
  | { readonly kind: 'fault'; readonly problem: string };

/** Reads a key, given with one character for each byte; any text is answered. */
export function parseSendmailKey(key: string): SendmailRequest {
  if (key === 'alive') return { kind: 'alive' };
  if (!key.startsWith('compat(')) return fault('neither "alive" nor "compat(...)"');
  const fields = splitFields(decode(key).slice('compat'.length));
  if (typeof fields === 'string') return fault(fields);
  const [kind, queueId, mailer, host, resolved, recipient, sender] = fields;
  if (kind !== 'notice' && kind !== 'mail') return fault('neither "notice" nor "mail"');
  if (mailer === undefined || host === undefined || resolved === undefined)
    return fault(`only ${fields.length} fields`);
  const address = unfocus(resolved);
  return {
    kind: 'compat',
    notice: kind === 'notice',
    queueId: queueId || null,
    nextHop: { mailer, host: withoutFinalDot(host), address },
    forwardPath: recipient === undefined ? address : withoutBrackets(recipient),
    reversePath: kind === 'notice' ? '' : sender === undefined ? null : withoutBrackets(sender),
  };
}

/** The key of a delivery, as the rules build it; for tests and for asking on sendmail's behalf. */
export function formatSendmailKey(delivery: SendmailDelivery): string {
  const { notice, queueId, nextHop, forwardPath, reversePath } = delivery;
  const sender = notice ? 'MAILER-DAEMON' : `<${reversePath ?? ''}>`;
  const fields = [
    notice ? 'notice' : 'mail',
    queueId ?? '',
    nextHop.mailer ?? '',
    nextHop.host,
    nextHop.address ?? '',
    `<${forwardPath}>`,
    sender,
  ];
  return `compat${fields.map((field) => `(${field})`).join('')}`;
}

/** The reply, `STATUS text` without the netstring, that makes sendmail obey the verdict. */
export function formatSendmailReply(verdict: Verdict): string {
  switch (verdict.action) {
    case 'accept':
      return found('pass');
    // Quarantine is reverted by sendmail at this point; a discarded recipient has its receipt.
    case 'quarantine':
    case 'discard':
      return found(`discard ${plain(verdict.reason)}`);
    case 'refuse': {
      const { status, text } = verdict.reply ?? { status: '5.1.2', text: verdict.reason };
      return found(`refuse ${status} ${plain(text)}`);
    }
    case 'defer':
      return temporary(plain(verdict.reason));
  }
}

/** Fields in parentheses; one that is quoted or escaped does not count. The last one may be cut. */
function splitFields(text: string): string[] | string {
  const fields: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '(')
      return `something between fields ${fields.length} and ${fields.length + 1}`;
    const end = endOfField(text, at + 1);
    if (end === text.length) break;
    fields.push(text.slice(at + 1, end));
    at = end + 1;
  }
  return fields.length > 7 ? `${fields.length} fields` : fields;
}

function endOfField(text: string, start: number): number {
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ')' && !isQuoted) return at;
  }
  return text.length;
}

/** `ann<@example.org.>` is how sendmail marks the domain it looks at. */
function unfocus(address: string): string {
  const mark = address.lastIndexOf('<@');
  if (mark < 0 || !address.endsWith('>')) return address;
  return `${address.slice(0, mark)}@${withoutFinalDot(address.slice(mark + 2, -1))}`;
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

const beyondAscii = /[\u0080-\u00ff]/;

/** Bytes that are no UTF-8 become U+FFFD, which no domain has: it cannot be told whose name they are. */
function decode(latin1: string): string {
  if (!beyondAscii.test(latin1)) return latin1;
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9-]+/g, ' ').trim();
}

function fault(problem: string): SendmailRequest {
  return { kind: 'fault', problem };
}
