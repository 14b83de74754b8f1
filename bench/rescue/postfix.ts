/**
 * Queue files of Postfix 3.7: a file of records in `deferred` or `hold`, and the text in `defer` that says
 * why it waits.
 *
 * Shaped after files of the real one, record by record.
 */
import { backend, dateOf, hostAddress, hostName, type Letter, refusal } from './letter.ts';
import type { QueueFile } from './queue-file.ts';

const zone = '+0000 (UTC)';
const day = 86_400_000;

export function makePostfix(letter: Letter): readonly QueueFile[] {
  const id = postfixId(letter.microseconds, letter.number);
  const { content, offsets } = letter.report ? notice(letter, id) : mail(letter, id);
  const hashed = id.slice(0, 1);
  return [
    { path: `defer/${hashed}/${id}`, content: deferLog(letter, offsets), mode: 0o600 },
    {
      path: letter.isHeld ? `hold/${id}` : `deferred/${hashed}/${id}`,
      content,
      mode: 0o700,
      // When it is due: not while somebody looks at this queue.
      modifiedAt: Date.UTC(2099, 0) + (letter.number % day),
    },
  ];
}

/** The short form: microseconds, and the inode as far as anybody knows. */
export function postfixId(microseconds: number, number: number): string {
  const hex = (value: number) => value.toString(16).toUpperCase();
  return hex(microseconds).padStart(5, '0') + hex(0x10000 + number);
}

/** A type, the length in groups of seven bits, the data. */
function record(type: string, data = ''): string {
  let length = '';
  let left = data.length;
  for (; left > 127; left >>= 7) length += String.fromCharCode((left & 127) | 128);
  return type + length + String.fromCharCode(left) + data;
}

const attribute = (name: string, value: string | number) => record('A', `${name}=${value}`);

interface Made {
  readonly content: Buffer;
  /** Where the record of each recipient begins. */
  readonly offsets: readonly number[];
}

/** Octets of the record `C`, which comes first and tells of the others. */
const sizeLength = 97;

function assemble(
  letter: Letter,
  envelope: readonly string[],
  lines: readonly string[],
  extracted: readonly string[],
): Made {
  const { recipients, arrivedAt, microseconds } = letter;
  const seconds = Math.floor(arrivedAt / 1000);
  let before = [
    record('T', `${seconds} ${microseconds}`),
    attribute('create_time', seconds),
    ...envelope,
  ].join('');
  const offsets: number[] = [];
  for (const one of recipients) {
    before += attribute('dsn_orig_rcpt', `rfc822;${one}`) + record('O', one);
    offsets.push(sizeLength + before.length);
    before += record('R', one);
  }
  before += record('M');
  const size = lines.reduce((sum, line) => sum + line.length + 2, 0);
  const text = lines.map((line) => record('N', line)).join('');
  const numbers = [size, sizeLength + before.length, recipients.length, 0, size, 0];
  const first = record('C', numbers.map((value) => String(value).padStart(15)).join(' '));
  const whole = [first, before, text, record('X'), ...extracted, record('E')].join('');
  return { content: Buffer.from(whole, 'latin1'), offsets };
}

function mail(letter: Letter, id: string): Made {
  const { client, reversePath, recipients, arrivedAt, subject, messageId, lines } = letter;
  const port = 40_000 + (letter.number % 20_000);
  const [only] = recipients;
  const { name, address } = client;
  const envelope = [
    attribute('log_ident', id),
    attribute('rewrite_context', 'remote'),
    record('S', reversePath),
    attribute('log_client_name', name),
    attribute('log_client_address', address),
    attribute('log_client_port', port),
    attribute('log_message_origin', `${name}[${address}]`),
    attribute('log_helo_name', name),
    attribute('log_protocol_name', 'ESMTP'),
    attribute('client_name', name),
    attribute('reverse_client_name', name),
    attribute('client_address', address),
    attribute('client_port', port),
    attribute('server_address', hostAddress),
    attribute('server_port', 25),
    attribute('helo_name', name),
    attribute('protocol_name', 'ESMTP'),
    attribute('client_address_type', 2),
  ];
  const date = dateOf(arrivedAt, zone);
  const by = `\tby ${hostName} (Postfix) with ESMTP id ${id}`;
  const content = [
    `Received: from ${name} (${name} [${address}])`,
    ...(recipients.length === 1 ? [by, `\tfor <${only}>; ${date}`] : [`${by};`, `\t${date}`]),
    `Date: ${dateOf(arrivedAt, '+0000')}`,
    `To: ${recipients.join(', ')}`,
    `From: ${reversePath}`,
    `Subject: ${subject}`,
    `Message-Id: <${messageId}>`,
    '',
    ...lines,
  ];
  return assemble(letter, envelope, content, []);
}

function notice(letter: Letter, id: string): Made {
  const { client, arrivedAt, subject, messageId, lines, report } = letter;
  const [to = ''] = letter.recipients;
  const { sender, recipients } = report ?? { sender: '', recipients: [] };
  const date = dateOf(arrivedAt, zone);
  const seconds = Math.floor(arrivedAt / 1000);
  const reported = postfixId((letter.microseconds + 500_000) % 1_000_000, letter.number);
  const boundary = `${reported}.${seconds}/${hostName}`;
  const content = [
    `Received: by ${hostName} (Postfix)`,
    `\tid ${id}; ${date}`,
    `Date: ${date}`,
    `From: Mail Delivery System <MAILER-DAEMON@${hostName}>`,
    'Subject: Undelivered Mail Returned to Sender',
    `To: ${to}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    `\tboundary="${boundary}"`,
    'Content-Transfer-Encoding: 8bit',
    `Message-Id: <${new Date(arrivedAt).toISOString().slice(0, 19).replaceAll(/\D/g, '')}.${id}@${hostName}>`,
    '',
    'This is a MIME-encapsulated message.',
    '',
    `--${boundary}`,
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `This is the mail system at host ${hostName}.`,
    '',
    "I'm sorry to have to inform you that your message could not",
    "be delivered to one or more recipients. It's attached below.",
    '',
    'For further assistance, please send mail to postmaster.',
    '',
    'If you do so, please include this problem report. You can',
    'delete your own text from the attached returned message.',
    '',
    '                   The mail system',
    ...recipients.flatMap((one) => [
      '',
      `<${one}>: host ${backend}[${backend}] said: 550 5.1.1`,
      '    No such mailbox here (in reply to RCPT TO command)',
    ]),
    '',
    `--${boundary}`,
    'Content-Description: Delivery report',
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${hostName}`,
    `X-Postfix-Queue-ID: ${reported}`,
    `X-Postfix-Sender: rfc822; ${sender}`,
    `Arrival-Date: ${date}`,
    ...recipients.flatMap((one) => [
      '',
      `Final-Recipient: rfc822; ${one}`,
      `Original-Recipient: rfc822;${one}`,
      'Action: failed',
      'Status: 5.1.1',
      `Remote-MTA: dns; ${backend}`,
      `Diagnostic-Code: smtp; ${refusal}`,
    ]),
    '',
    `--${boundary}`,
    'Content-Description: Undelivered Message',
    'Content-Type: message/rfc822',
    'Content-Transfer-Encoding: 8bit',
    '',
    `Return-Path: <${sender}>`,
    `Received: from ${client.name} (${client.name} [${client.address}])`,
    `\tby ${hostName} (Postfix) with ESMTP id ${reported};`,
    `\t${date}`,
    `From: <${sender}>`,
    ...`To: ${recipients.map((one) => `<${one}>`).join(',\n ')}`.split('\n'),
    `Subject: ${subject}`,
    `Date: ${dateOf(arrivedAt, '+0000')}`,
    `Message-ID: <${messageId}>`,
    '',
    ...lines,
    '',
    `--${boundary}--`,
  ];
  const envelope = [
    attribute('log_message_origin', 'local'),
    attribute('trace_flags', 0),
    record('S'),
  ];
  return assemble(letter, envelope, content, [attribute('encoding', '8bit')]);
}

function deferLog({ recipients, hosts }: Letter, offsets: readonly number[]): Buffer {
  const entries = recipients.map((one, i) => {
    const host = hosts[i];
    const reason = `connect to ${host?.name}[${host?.address}]:25: No route to host`;
    return [
      '',
      `<${one}>: ${reason}`,
      `recipient=${one}`,
      `offset=${offsets[i]}`,
      `dsn_orig_rcpt=rfc822;${one}`,
      'status=4.4.1',
      'action=delayed',
      `reason=${reason}`,
      '',
      '',
    ].join('\n');
  });
  return Buffer.from(entries.join(''), 'latin1');
}
