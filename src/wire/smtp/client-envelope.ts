/**
 * MAIL and RCPT as a server can take them, or why it cannot take this message.
 *
 * RFC 5321 §4.1.1.2 and §4.1.1.3, RFC 1870 §6 (SIZE), 6152 (8BITMIME), 3030 (BINARYMIME), 6531
 * (SMTPUTF8), 3461 §4 (DSN), 6533 §3 (ORCPT in UTF-8). Paths are text; on the wire they are UTF-8.
 */

import { normalizeDomain } from '../../mail/domain.ts';
import type { MailParameters, RcptParameters } from '../../mail/envelope.ts';
import type { Reply } from '../../mail/reply.ts';
import { encodeXtext } from '../../mail/xtext.ts';
import type { ContentFacts } from './client-look.ts';
import type { Offer } from './client-offer.ts';
import { clientWords } from './client-words.ts';

export interface ClientMessage {
  readonly sender: MailParameters;
  readonly recipients: readonly RcptParameters[];
  /** Octets of the content; null where none is to follow. */
  readonly size: number | null;
}

export interface ClientEnvelope {
  /** `MAIL FROM:<ann@good.example> SIZE=100`, without line end. */
  readonly mail: string;
  /** One for each recipient: a command, or why it cannot be asked for. */
  readonly rcpt: readonly (string | Reply)[];
  /** BDAT, which takes any octets, instead of DATA. */
  readonly isBinary: boolean;
}

/** Whether the server offers less than the message claims to need, so that a look inside must tell. */
export function needsLook(sender: MailParameters, offer: Offer): boolean {
  return (sender.smtpUtf8 && !offer.utf8) || (sender.body === 'binarymime' && !offer.binary);
}

/** A reply: the server cannot take the message, for any recipient. `content`: where `needsLook`. */
export function writeEnvelope(
  message: ClientMessage,
  offer: Offer,
  content: ContentFacts | null,
): ClientEnvelope | Reply {
  const { sender, recipients, size } = message;
  const reversePath = fitPath(sender.reversePath, offer);
  if (reversePath === null) return clientWords.badSender;
  if (offer.maxSize !== null && size !== null && size > offer.maxSize) return clientWords.tooLarge;
  const isBinary = sender.body === 'binarymime' && offer.binary;
  if (sender.body === 'binarymime' && !isBinary && content?.isLines !== true)
    return clientWords.needsBinary;
  const hasUtf8Header = sender.smtpUtf8 && content?.hasUtf8Header === true;
  if (!offer.utf8 && (hasUtf8Header || !isAscii(reversePath))) return clientWords.needsUtf8;

  const paths = recipients.map(({ forwardPath }) => fitPath(forwardPath, offer));
  const isUtf8 =
    offer.utf8 && (sender.smtpUtf8 || [reversePath, ...paths].some((path) => !isAscii(path ?? '')));
  const rcpt = recipients.map((recipient, i) => {
    const path = paths[i] ?? '';
    if (path === '') return clientWords.badRecipient;
    if (!offer.utf8 && !isAscii(path)) return clientWords.needsUtf8;
    return `RCPT TO:<${path}>${offer.dsn ? dsnOf(recipient, isUtf8) : ''}`;
  });

  let mail = `MAIL FROM:<${reversePath}>`;
  if (offer.size && size !== null) mail += ` SIZE=${size}`;
  if (isBinary) mail += ' BODY=BINARYMIME';
  // Without 8BITMIME the octets go as they are; docs/quirks.md tells why.
  else if (sender.body !== '7bit' && offer.eightBit) mail += ' BODY=8BITMIME';
  if (isUtf8) mail += ' SMTPUTF8';
  if (offer.dsn && sender.ret !== null) mail += ` RET=${sender.ret.toUpperCase()}`;
  if (offer.dsn && sender.envid !== null) mail += ` ENVID=${encodeXtext(sender.envid)}`;
  return { mail, rcpt, isBinary };
}

/** Outside of quotes nothing that ends a path; nowhere what ends a command. */
const sendable =
  /^(?:[^\s"<>\u0000-\u001f\u007f-\u009f]|"(?:[^"\\\u0000-\u001f\u007f-\u009f]|\\[^\u0000-\u001f\u007f-\u009f])*")*$/;

/** Null where the text cannot stand in a command. RFC 6531 §3.2: a domain alone need not be UTF-8. */
function fitPath(path: string, offer: Offer): string | null {
  if (!sendable.test(path) || !path.isWellFormed()) return null;
  if (offer.utf8 || isAscii(path)) return path;
  const at = path.lastIndexOf('@');
  const name = normalizeDomain(path.slice(at + 1));
  return name === null || !isAscii(path.slice(0, at)) ? path : `${path.slice(0, at)}@${name}`;
}

function dsnOf({ notify, orcpt }: RcptParameters, isUtf8: boolean): string {
  let text = '';
  if (notify) text += ` NOTIFY=${notify.join(',').toUpperCase() || 'NEVER'}`;
  const semicolon = orcpt?.indexOf(';') ?? -1;
  if (orcpt !== null && semicolon > 0)
    text += ` ORCPT=${writeOrcpt(orcpt.slice(0, semicolon), orcpt.slice(semicolon + 1), isUtf8)}`;
  return text;
}

/** RFC 6533 §3: an address of type utf-8 has its own escapes, and needs none where SMTPUTF8 is agreed. */
function writeOrcpt(type: string, address: string, isUtf8: boolean): string {
  if (isAscii(address) && type.toLowerCase() !== 'utf-8')
    return `${encodeXtext(type)};${encodeXtext(address)}`;
  const escaped = address.replace(
    isUtf8 ? /[\u0000- +=\\\u007f-\u009f]/gu : /[^!-~]|[+=\\]/gu,
    (character) => `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
  return `utf-8;${escaped}`;
}

function isAscii(text: string): boolean {
  return /^[\u0000-\u007f]*$/.test(text);
}
