/**
 * Queue files of OpenSMTPD 6.8: a folder for each message, with the message and one envelope per recipient.
 *
 * Shaped after files of the real one, line by line. It spells the null reverse-path `@`, and what is paused
 * it keeps in mind only: no letter is held on its disk.
 */
import { dateOf, hostName, type Letter, refusal } from './letter.ts';
import type { QueueFile } from './queue-file.ts';

const zone = '+0000 (UTC)';
const mode = 0o600;

export function makeOpenSmtpd(letter: Letter): readonly QueueFile[] {
  const message = messageId(letter.number);
  const folder = `queue/${message.slice(0, 2)}/${message}`;
  const file = (name: string, lines: readonly string[]): QueueFile => ({
    path: `${folder}/${name}`,
    content: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'),
    mode,
  });
  const content = letter.report ? noticeContent(letter, message) : mailContent(letter, message);
  return [
    file('message', content),
    ...letter.recipients.map((recipient, i) =>
      file(
        `${message}${hex(letter.number + i * 0x1000_0001, 0x85eb_ca6b)}`,
        envelope(letter, recipient),
      ),
    ),
  ];
}

/** Looks random, and is another one for each number: both factors are odd. */
function messageId(number: number): string {
  return hex(number, 0x9e37_79b1);
}

function hex(number: number, factor: number): string {
  return (Math.imul(number + 1, factor) >>> 0).toString(16).padStart(8, '0');
}

function envelope(letter: Letter, recipient: string): string[] {
  const { report, client, reversePath, arrivedAt, tries } = letter;
  const from = report ? hostName : client.name;
  return [
    'version: 3',
    'dispatcher: mx',
    'type: mta',
    `smtpname: ${hostName}`,
    `helo: ${from}`,
    `hostname: ${from}`,
    'errorline: Network error on destination MXs',
    `sockaddr: ${report ? 'local' : client.address}`,
    `sender: ${report ? '@' : reversePath}`,
    `rcpt: ${recipient}`,
    `dest: ${recipient}`,
    `ctime: ${Math.floor(arrivedAt / 1000)}`,
    'last-try: 0',
    'last-bounce: 0',
    'ttl: 0',
    `retry: ${tries}`,
    ...(report ? ['flags: authenticated'] : []),
    'dsn-notify: 0',
    'esc-class: 4',
    'esc-code: 0',
  ];
}

function mailContent(letter: Letter, id: string): string[] {
  const { client, reversePath, recipients, arrivedAt, subject, lines } = letter;
  const by = `\tby ${hostName} (OpenSMTPD) with ESMTP id ${id}`;
  return [
    `Received: from ${client.name} (${client.name} [${client.address}])`,
    ...(recipients.length === 1 ? [by, `\tfor <${recipients[0]}>;`] : [`${by};`]),
    `\t${dateOf(arrivedAt, zone)}`,
    `Date: ${dateOf(arrivedAt, '+0000')}`,
    `To: ${recipients.join(', ')}`,
    `From: ${reversePath}`,
    `Subject: ${subject}`,
    `Message-Id: <${letter.messageId}>`,
    '',
    ...lines,
  ];
}

function noticeContent(letter: Letter, id: string): string[] {
  const { client, arrivedAt, subject, lines, report, number } = letter;
  const [to = ''] = letter.recipients;
  const { sender, recipients } = report ?? { sender: '', recipients: [] };
  const date = dateOf(arrivedAt, zone);
  const boundary = `${1763084110000000000n + BigInt(number)}/${hostName}`;
  return [
    `Received: from ${hostName} (${hostName} [local])`,
    `\tby ${hostName} (OpenSMTPD) with ESMTPA id ${id}`,
    `\tfor <${to}>;`,
    `\t${date}`,
    'Subject: Delivery status notification: failed',
    `From: Mailer Daemon <MAILER-DAEMON@${hostName}>`,
    `To: ${to}`,
    `Date: ${date}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed;boundary="${boundary}"`,
    `Message-ID: <0a69${id}${hex(number, 0xc2b2_ae35).slice(0, 4)}@${hostName}>`,
    '',
    'This is a MIME-encapsulated message.',
    '',
    `--${boundary}`,
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    '    Hi!',
    '',
    '    This is the MAILER-DAEMON, please DO NOT REPLY to this email.',
    '',
    '    An error has occurred while attempting to deliver a message for',
    '    the following list of recipients:',
    '',
    ...recipients.map((one) => `${one}: ${refusal}`),
    '',
    '    Below is a copy of the original message:',
    '',
    `--${boundary}`,
    'Content-Description: Delivery Report',
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${hostName}`,
    '',
    ...recipients.flatMap((one) => [
      `Final-Recipient: rfc822; ${one}`,
      'Action: failed',
      'Status: 5.0.0',
      '',
    ]),
    `--${boundary}`,
    'Content-Description: Message headers',
    'Content-Type: text/rfc822-headers',
    '',
    `Received: from ${client.name} (${client.name} [${client.address}])`,
    `\tby ${hostName} (OpenSMTPD) with ESMTP id ${hex(number + 1_000_000_007, 0x9e37_79b1)};`,
    `\t${date}`,
    `From: <${sender}>`,
    `To: ${recipients.map((one) => `<${one}>`).join(',\n ')}`,
    `Subject: ${subject}`,
    `Date: ${dateOf(arrivedAt, '+0000')}`,
    `Message-ID: <${letter.messageId}>`,
    '',
    ...lines,
    '',
    `--${boundary}--`,
  ];
}
