/**
 * A notice as a whole message.
 *
 * RFC 6522 (multipart/report), RFC 3464 (delivery status), RFC 6533 (with UTF-8 addresses), RFC 3834
 * (automatic mail says so).
 */
import { formatDate } from './date.ts';
import type { Notice, Returned } from './notice.ts';
import { formatField } from './notice-field.ts';
import { formatStatus } from './notice-status.ts';
import { formatText, subjectOf } from './notice-text.ts';

/**
 * The whole message, lines ended by CRLF. Where the sender spoke SMTPUTF8 and there is anything that
 * is not ASCII, the parts are those of RFC 6533; otherwise all that we write is ASCII, whatever is in it.
 */
export function formatNotice(notice: Notice): Uint8Array {
  const utf8 = isInternational(notice);
  const boundary = findBoundary(notice);
  const pieces = [
    formatTextPart(notice),
    formatStatusPart(notice, utf8),
    ...(notice.returned === null ? [] : [formatReturned(notice.returned, utf8)]),
  ];
  const is8bit = pieces.some(hasHighBytes);
  const head =
    formatField('From', `Mail Delivery System <MAILER-DAEMON@${notice.reportingMta}>`, utf8) +
    formatField('To', `<${notice.to}>`, utf8) +
    formatField('Subject', subjectOf(notice.recipients), false) +
    formatField('Date', formatDate(notice.date), false) +
    formatField('Message-ID', `<${notice.token}@${notice.reportingMta}>`, false) +
    formatReference(notice.returned) +
    'Auto-Submitted: auto-replied\r\n' +
    'MIME-Version: 1.0\r\n' +
    `Content-Type: multipart/report; report-type=${utf8 ? 'global-' : ''}delivery-status;\r\n` +
    ` boundary="${boundary}"\r\n` +
    (is8bit ? eightBit : '');
  const delimiter = Buffer.from(`\r\n--${boundary}\r\n`);
  return Buffer.concat([
    Buffer.from(head),
    ...pieces.flatMap((piece) => [delimiter, piece]),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

const eightBit = 'Content-Transfer-Encoding: 8bit\r\n';

function isInternational({ about, to, recipients, returned }: Notice): boolean {
  if (!about.smtpUtf8) return false;
  const texts = [to, ...recipients.flatMap(({ forwardPath, orcpt }) => [forwardPath, orcpt ?? ''])];
  return (
    texts.some((text) => !isAscii(text)) || (returned !== null && hasHighBytes(returned.content))
  );
}

/** The token cannot be guessed by who wrote the message; should it occur in it even so, another one. */
function findBoundary({ token, returned }: Notice): string {
  for (let n = 0; ; n++) {
    const boundary = n === 0 ? `=_${token}` : `=_${token}_${n}`;
    const content = returned?.content ?? Buffer.alloc(0);
    if (Buffer.from(content.buffer, content.byteOffset, content.length).indexOf(boundary) < 0)
      return boundary;
  }
}

function formatTextPart(notice: Notice): Buffer {
  const text = formatText(notice);
  const head = 'Content-Description: Explanation\r\n';
  return Buffer.from(
    isAscii(text)
      ? `Content-Type: text/plain; charset=us-ascii\r\n${head}\r\n${text}`
      : `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n${head}\r\n${wrapBase64(text)}`,
  );
}

function formatStatusPart(notice: Notice, utf8: boolean): Buffer {
  const status = formatStatus(notice, utf8);
  const type = `Content-Type: message/${utf8 ? 'global-' : ''}delivery-status\r\n`;
  const encoding = isAscii(status) ? '' : eightBit;
  return Buffer.from(
    `${type}${encoding}Content-Description: What became of the message\r\n\r\n${status}`,
  );
}

function formatReturned({ kind, content }: Returned, utf8: boolean): Buffer {
  const encoding = hasHighBytes(content) ? eightBit : '';
  const description = kind === 'full' ? 'The message' : 'Header of the message';
  const type = returnedTypes[kind][utf8 ? 'utf8' : 'ascii'];
  const head = `Content-Type: ${type}\r\n${encoding}Content-Description: ${description}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content]);
}

const returnedTypes = {
  full: { ascii: 'message/rfc822', utf8: 'message/global' },
  headers: { ascii: 'text/rfc822-headers', utf8: 'message/global-headers' },
} as const;

/** So that mail programs show the notice beside the message. */
function formatReference(returned: Returned | null): string {
  const header = Buffer.from(returned?.content.subarray(0, 65_536) ?? []).toString('latin1');
  const end = header.indexOf('\r\n\r\n');
  const found = /^Message-ID:[ \t]*(?:\r\n[ \t]+)?(<[!-;=?-~]{1,250}>)[ \t]*$/im.exec(
    end < 0 ? header : header.slice(0, end),
  );
  return found?.[1] ? formatField('References', found[1], false) : '';
}

function isAscii(text: string): boolean {
  return /^[\u0000-\u007f]*$/.test(text);
}

function hasHighBytes(content: Uint8Array): boolean {
  return content.some((byte) => byte >= 0x80);
}

function wrapBase64(text: string): string {
  return Buffer.from(text)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\r\n');
}
