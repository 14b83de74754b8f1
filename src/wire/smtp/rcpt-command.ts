/**
 * The argument of RCPT.
 *
 * RFC 5321 §4.1.1.3 (`<postmaster>` needs no domain), RFC 3461 §4.1 and §4.2 (NOTIFY, ORCPT), RFC
 * 6533 §3 (ORCPT with UTF-8).
 */
import {
  type NotifyCondition,
  notifyConditions,
  type RcptParameters,
} from '../../mail/envelope.ts';
import { type Reply, replies } from '../../mail/reply.ts';
import { isAscii } from './command.ts';
import { skipKeyword } from './mail-command.ts';
import { parseOrcpt } from './orcpt.ts';
import { parseParameters } from './parameters.ts';
import { type PathFault, parsePath } from './paths.ts';

export type RcptCommand =
  | { readonly kind: 'rcpt'; readonly parameters: RcptParameters }
  | { readonly kind: 'refused'; readonly reply: Reply };

const pathReplies: Readonly<Record<PathFault, Reply>> = {
  brackets: replies.rcptSyntax,
  syntax: replies.recipientSyntax,
  tooLong: replies.recipientTooLong,
};

/** `smtpUtf8`: MAIL said so. */
export function parseRcpt(argument: string, smtpUtf8: boolean): RcptCommand {
  const from = skipKeyword(argument, 'TO:');
  if (from < 0) return refused(replies.rcptSyntax);
  const path = parsePath(argument, from);
  if (path.kind === 'fault') return refused(pathReplies[path.fault]);
  const { address, end } = path;
  if (!path.hasDomain && address.toLowerCase() !== 'postmaster')
    return refused(replies.recipientSyntax);
  if (!smtpUtf8 && !isAscii(argument)) return refused(replies.needsSmtpUtf8);
  if (end === argument.length)
    return { kind: 'rcpt', parameters: { forwardPath: address, notify: null, orcpt: null } };
  return readParameters(argument, end, address);
}

function readParameters(argument: string, end: number, forwardPath: string): RcptCommand {
  const given = parseParameters(argument, end);
  if (given === 'syntax') return refused(replies.badParameter);
  if (given === 'twice') return refused(replies.twiceParameter);
  let notify: RcptParameters['notify'] = null;
  let orcpt: string | null = null;
  for (const [keyword, value] of given) {
    switch (keyword) {
      case 'NOTIFY':
        notify = parseNotify(value ?? '');
        if (notify === null) return refused(replies.badParameter);
        break;
      case 'ORCPT':
        orcpt = parseOrcpt(value ?? '');
        if (orcpt === null) return refused(replies.badParameter);
        break;
      default:
        return refused(replies.unknownParameter);
    }
  }
  return { kind: 'rcpt', parameters: { forwardPath, notify, orcpt } };
}

/** `NEVER` alone, or conditions, each once. */
function parseNotify(value: string): readonly NotifyCondition[] | null {
  const lower = value.toLowerCase();
  if (lower === 'never') return [];
  const words = lower.split(',');
  const found = notifyConditions.filter((condition) => words.includes(condition));
  return found.length === words.length ? found : null;
}

function refused(reply: Reply): RcptCommand {
  return { kind: 'refused', reply };
}
