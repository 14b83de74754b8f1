/**
 * The argument of MAIL.
 *
 * RFC 5321 §4.1.1.2, RFC 1870 (SIZE), RFC 6152 and 3030 (BODY), RFC 6531 (SMTPUTF8), RFC 3461 §4.3
 * and §4.4 (RET, ENVID), RFC 4954 §5 (AUTH, which is read and means nothing to us).
 */
import type { MailParameters } from '../../mail/envelope.ts';
import { type Reply, replies } from '../../mail/reply.ts';
import { decodeXtext } from '../../mail/xtext.ts';
import { isAscii } from './command.ts';
import { type Parameters, parseParameters } from './parameters.ts';
import { type PathFault, parsePath } from './paths.ts';

export type MailCommand =
  | {
      readonly kind: 'mail';
      readonly parameters: MailParameters;
      readonly declaredSize: number | null;
    }
  | { readonly kind: 'refused'; readonly reply: Reply };

const bodies: Readonly<Record<string, MailParameters['body'] | undefined>> = {
  '7BIT': '7bit',
  '8BITMIME': '8bitmime',
  BINARYMIME: 'binarymime',
};
const rets: Readonly<Record<string, MailParameters['ret'] | undefined>> = {
  FULL: 'full',
  HDRS: 'hdrs',
};
/** RFC 3461 §4.4 and §5.4: at most 100 characters of xtext, which stand for printable ones. */
const longestEnvid = 100;
const printableAscii = /^[\x20-\x7e]*$/;

const pathReplies: Readonly<Record<PathFault, Reply>> = {
  brackets: replies.mailSyntax,
  syntax: replies.senderSyntax,
  tooLong: replies.senderTooLong,
};

export function parseMail(argument: string): MailCommand {
  const from = skipKeyword(argument, 'FROM:');
  if (from < 0) return refused(replies.mailSyntax);
  const path = parsePath(argument, from);
  if (path.kind === 'fault') return refused(pathReplies[path.fault]);
  const { address, end } = path;
  if (address !== '' && !path.hasDomain) return refused(replies.senderSyntax);
  const given = parseParameters(argument, end);
  if (given === 'syntax') return refused(replies.badParameter);
  if (given === 'twice') return refused(replies.twiceParameter);
  return readParameters(address, given, isAscii(argument));
}

function readParameters(reversePath: string, given: Parameters, ascii: boolean): MailCommand {
  let body: MailParameters['body'] = '7bit';
  let smtpUtf8 = false;
  let ret: MailParameters['ret'] = null;
  let envid: string | null = null;
  let declaredSize: number | null = null;
  for (const [keyword, value] of given) {
    switch (keyword) {
      case 'SIZE':
        if (value === null || !/^\d{1,20}$/.test(value)) return refused(replies.badParameter);
        declaredSize = Number(value);
        break;
      case 'BODY': {
        const found = bodies[value?.toUpperCase() ?? ''];
        if (!found) return refused(replies.badParameter);
        body = found;
        break;
      }
      case 'SMTPUTF8':
        if (value !== null) return refused(replies.badParameter);
        smtpUtf8 = true;
        break;
      case 'RET': {
        const found = rets[value?.toUpperCase() ?? ''];
        if (!found) return refused(replies.badParameter);
        ret = found;
        break;
      }
      case 'ENVID':
        envid = value === null || value.length > longestEnvid ? null : decodeXtext(value);
        if (envid === null || !printableAscii.test(envid)) return refused(replies.badParameter);
        break;
      case 'AUTH':
        if (value !== '<>' && (value === null || decodeXtext(value) === null))
          return refused(replies.badParameter);
        break;
      default:
        return refused(replies.unknownParameter);
    }
  }
  if (!ascii && !smtpUtf8) return refused(replies.needsSmtpUtf8);
  const parameters: MailParameters = { reversePath, body, smtpUtf8, ret, envid };
  return { kind: 'mail', parameters, declaredSize };
}

function refused(reply: Reply): MailCommand {
  return { kind: 'refused', reply };
}

/**
 * The index where the path begins; -1 where the keyword is another. Blanks after the colon are wrong
 * (RFC 5321 §3.3), but many clients write one.
 */
export function skipKeyword(argument: string, keyword: 'FROM:' | 'TO:'): number {
  let i = keyword.length;
  if (argument.slice(0, i).toUpperCase() !== keyword) return -1;
  while (argument[i] === ' ') i++;
  return i;
}
