/**
 * Spool files of Exim 4.96: -D with the body, -H with the envelope and the header.
 *
 * Shaped after files of the real one, line by line.
 */
import { backend, dateOf, hostAddress, hostName, type Letter, refusal } from './letter.ts';
import type { QueueFile } from './queue-file.ts';

/** `isSplit`: by the sixth character of the id, as with split_spool_directory. */
export function makeExim(letter: Letter, isSplit: boolean): readonly QueueFile[] {
  const id = eximId(letter);
  const folder = isSplit ? `input/${id.charAt(5)}` : 'input';
  const file = (suffix: string, lines: readonly string[]): QueueFile => ({
    path: `${folder}/${id}${suffix}`,
    content: Buffer.from(`${id}${suffix}\n${lines.map((line) => `${line}\n`).join('')}`, 'latin1'),
    mode: 0o640,
  });
  const body = letter.report ? noticeBody(letter) : letter.lines;
  const header = letter.report ? noticeHeader(letter, id) : mailHeader(letter, id);
  const field = ([flag, text]: Field) =>
    `${String(text.length + 1).padStart(3, '0')}${flag} ${text}`;
  const widest = body.reduce((most, line) => Math.max(most, line.length + 1), 0);
  const envelope = [
    'Debian-exim 100 102',
    `<${letter.reversePath}>`,
    `${Math.floor(letter.arrivedAt / 1000)} 0`,
    `-received_time_usec .${String(letter.microseconds).padStart(6, '0')}`,
    `-received_time_complete ${Math.floor(letter.arrivedAt / 1000)}.${String(letter.microseconds).padStart(6, '0')}`,
    ...origin(letter),
    `-body_linecount ${body.length}`,
    `-max_received_linelength ${widest}`,
    ...(letter.report ? ['-allow_unqualified_recipient', '-allow_unqualified_sender'] : []),
    ...(letter.isHeld ? [`-frozen ${Math.floor(letter.lastTriedAt / 1000)}`] : []),
    ...(letter.report ? ['-localerror'] : []),
    '-tls_resumption A',
    'XX',
    String(letter.recipients.length),
    ...letter.recipients,
    '',
    ...header.map(field),
  ];
  return [file('-D', body), file('-H', envelope)];
}

/** The letter that tells what Exim takes a field for, and the field, folded by LF. */
type Field = readonly [flag: string, text: string];

/** Seconds, process id, and 500 µs since, each to the base of 62. */
export function eximId({ arrivedAt, microseconds, number }: Letter): string {
  const fraction = Math.floor(microseconds / 500);
  return [
    base62(Math.floor(arrivedAt / 1000), 6),
    base62(1000 + (number % 900_000), 6),
    base62(fraction, 2),
  ].join('-');
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: number, length: number): string {
  let out = '';
  for (let left = value; out.length < length; left = Math.floor(left / 62))
    out = digits.charAt(left % 62) + out;
  return out;
}

function origin({ report, client, number }: Letter): string[] {
  if (report) return ['-ident Debian-exim', '-received_protocol local'];
  return [
    `--helo_name ${client.name}`,
    `-host_address [${client.address}]:${40_000 + (number % 20_000)}`,
    `-interface_address [${hostAddress}]:25`,
    '-received_protocol esmtp',
  ];
}

function mailHeader(letter: Letter, id: string): Field[] {
  const { client, reversePath, recipients, arrivedAt, subject, messageId } = letter;
  const end = recipients.length === 1 ? `id ${id}\n\tfor ${recipients[0]};` : `id ${id};`;
  const date = dateOf(arrivedAt, '+0000');
  return [
    [
      'P',
      `Received: from [${client.address}] (helo=${client.name})\n\tby ${hostName} with esmtp (Exim 4.96)\n\t(envelope-from <${reversePath}>)\n\t${end}\n\t${date}`,
    ],
    [' ', `Date: ${date}`],
    ['T', `To: ${recipients.join(', ')}`],
    ['F', `From: ${reversePath}`],
    [' ', `Subject: ${subject}`],
    ['I', `Message-Id: <${messageId}>`],
  ];
}

function noticeHeader(letter: Letter, id: string): Field[] {
  const { arrivedAt, messageId, report } = letter;
  const [to = ''] = letter.recipients;
  const date = dateOf(arrivedAt, '+0000');
  return [
    [
      'P',
      `Received: from Debian-exim by ${hostName} with local (Exim 4.96)\n\tid ${id}\n\tfor ${to};\n\t${date}`,
    ],
    [' ', `X-Failed-Recipients: ${report?.recipients.join(',\n  ')}`],
    [' ', 'Auto-Submitted: auto-replied'],
    ['F', `From: Mail Delivery System <Mailer-Daemon@${hostName}>`],
    ['T', `To: ${to}`],
    [' ', `References: <${messageId}>`],
    [
      ' ',
      `Content-Type: multipart/report; report-type=delivery-status; boundary=${boundaryOf(letter)}`,
    ],
    [' ', 'MIME-Version: 1.0'],
    [' ', 'Subject: Mail delivery failed: returning message to sender'],
    ['I', `Message-Id: <E${id}@${hostName}>`],
    [' ', `Date: ${date}`],
  ];
}

function noticeBody(letter: Letter): string[] {
  const { client, arrivedAt, microseconds, number, subject, messageId, lines, report } = letter;
  const { sender, recipients } = report ?? { sender: '', recipients: [] };
  const boundary = boundaryOf(letter);
  const date = dateOf(arrivedAt, '+0000');
  const reported = eximId({ ...letter, arrivedAt: arrivedAt - 1000, microseconds, number });
  return [
    `--${boundary}`,
    'Content-type: text/plain; charset=us-ascii',
    '',
    'This message was created automatically by mail delivery software.',
    '',
    'A message that you sent could not be delivered to one or more of its',
    'recipients. This is a permanent error. The following address(es) failed:',
    '',
    ...recipients.flatMap((one) => [
      `  ${one}`,
      `    host ${backend} [${backend}]`,
      `    SMTP error from remote mail server after RCPT TO:<${one}>:`,
      `    ${refusal}`,
    ]),
    '',
    `--${boundary}`,
    'Content-type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${hostName}`,
    ...recipients.flatMap((one) => [
      '',
      'Action: failed',
      `Final-Recipient: rfc822;${one}`,
      'Status: 5.0.0',
      `Remote-MTA: dns; ${backend}`,
      `Diagnostic-Code: smtp; ${refusal}`,
    ]),
    '',
    `--${boundary}`,
    'Content-type: message/rfc822',
    '',
    `Return-path: <${sender}>`,
    `Received: from [${client.address}] (helo=${client.name})`,
    `\tby ${hostName} with esmtp (Exim 4.96)`,
    `\t(envelope-from <${sender}>)`,
    `\tid ${reported};`,
    `\t${date}`,
    `From: <${sender}>`,
    `To: ${recipients.map((one) => `<${one}>`).join(',\n ')}`,
    `Subject: ${subject}`,
    `Date: ${date}`,
    `Message-ID: <${messageId}>`,
    '',
    ...lines,
    '',
    `--${boundary}--`,
  ];
}

function boundaryOf({ arrivedAt, number }: Letter): string {
  return `${Math.floor(arrivedAt / 1000)}-eximdsn-${1_000_000 + number}`;
}
