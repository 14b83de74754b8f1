/**
 * Queue files of sendmail 8.17: a control file qf (hf in quarantine) and a data file df.
 *
 * Shaped after files of the real one, letter by letter; \x81 is how it spells a macro within a header.
 */
import { backend, dateOf, hostAddress, hostName, type Letter, refusal } from './letter.ts';
import type { QueueFile } from './queue-file.ts';

const version = '8.17.1.9/8.17.1.9/Debian-2+deb12u2';
const mode = 0o640;

export function makeSendmail(letter: Letter): readonly QueueFile[] {
  const id = sendmailId(letter.arrivedAt, letter.number);
  const control = letter.report ? noticeControl(letter, id) : mailControl(letter, id);
  const data = letter.report ? noticeData(letter, id) : letter.lines;
  const file = (path: string, lines: readonly string[]): QueueFile => ({
    path,
    content: Buffer.from(`${lines.join('\n')}\n`, 'latin1'),
    mode,
  });
  return [file(`df${id}`, data), file(`${letter.isHeld ? 'h' : 'q'}f${id}`, control)];
}

/** The time to the second, two digits that count, six of a process id. */
export function sendmailId(time: number, number: number): string {
  const at = new Date(time);
  const clock = [
    (at.getUTCFullYear() - 1900) % 60,
    at.getUTCMonth(),
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    Math.floor(number / 60) % 60,
    number % 60,
  ];
  const process = String(1000 + (number % 900_000)).padStart(6, '0');
  return clock.map((digit) => digits[digit]).join('') + process;
}
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx';

function head(letter: Letter, macros: readonly string[], sender: string): string[] {
  const { arrivedAt, lastTriedAt, tries, recipients, hosts, isHeld } = letter;
  return [
    'V8',
    `T${Math.floor(arrivedAt / 1000)}`,
    `K${Math.floor(lastTriedAt / 1000)}`,
    `N${tries}`,
    `P${30_000 * recipients.length * tries}`,
    `I0/46/${1000 + letter.number}`,
    `MDeferred: ${hosts[0]?.name}.: No route to host`,
    ...macros,
    `\${daemon_flags}`,
    `\${if_addr}${hostAddress}`,
    ...(isHeld ? ['qheld by the postmaster'] : []),
    `S${sender}`,
  ];
}

function noticeControl(letter: Letter, id: string): string[] {
  const date = dateOf(letter.arrivedAt);
  const [recipient = ''] = letter.recipients;
  return [
    ...head(letter, ['Frns', '$_localhost', '$r', '$slocalhost'], 'MAILER-DAEMON'),
    `rRFC822; ${recipient}`,
    `RPF:<${recipient}>`,
    'H?P?Return-Path: <\x81g>',
    'H??Received: from localhost (localhost)',
    `\tby ${hostName} (${version}) id ${id};`,
    `\t${date}`,
    `H?D?Date: ${date}`,
    'H?F?From: Mail Delivery Subsystem <MAILER-DAEMON>',
    'H?x?Full-Name: Mail Delivery Subsystem',
    `H?M?Message-Id: <${stamp(letter.arrivedAt)}.${id}@${hostName}>`,
    `H??To: <${recipient}>`,
    'H??MIME-Version: 1.0',
    'H??Content-Type: multipart/report; report-type=delivery-status;',
    `\tboundary="${boundaryOf(letter, id)}"`,
    'H??Subject: Returned mail: see transcript for details',
    'H??Auto-Submitted: auto-generated (failure)',
    '.',
  ];
}

function mailControl(letter: Letter, id: string): string[] {
  const { client, recipients, reversePath, arrivedAt, subject, messageId } = letter;
  const date = dateOf(arrivedAt);
  const received = `by ${hostName} (${version}) with ESMTP id ${id}`;
  const [only] = recipients;
  const macros = ['Fbs', `$_${client.name} [${client.address}]`, '$rESMTP', `$s${client.name}`];
  return [
    ...head(letter, macros, `<${reversePath}>`),
    ...recipients.flatMap((one) => [`rRFC822; ${one}`, `RPFD:<${one}>`]),
    'H?P?Return-Path: <\x81g>',
    `H??Received: from ${client.name} (${client.name} [${client.address}])`,
    ...(recipients.length === 1
      ? [`\t${received}`, `\tfor <${only}>; ${date}`]
      : [`\t${received};`, `\t${date}`]),
    `H??Date: ${dateOf(arrivedAt, '+0000')}`,
    `H??To: ${recipients.join(', ')}`,
    `H??From: ${reversePath}`,
    `H??Subject: ${subject}`,
    `H??Message-Id: <${messageId}>`,
    '.',
  ];
}

function noticeData(letter: Letter, id: string): string[] {
  const { client, arrivedAt, subject, messageId, report } = letter;
  if (!report) return [];
  const date = dateOf(arrivedAt);
  const boundary = boundaryOf(letter, id);
  return [
    'This is a MIME-encapsulated message',
    '',
    `--${boundary}`,
    '',
    `The original message was received at ${date}`,
    `from ${client.name} [${client.address}]`,
    '',
    '   ----- The following addresses had permanent fatal errors -----',
    ...report.recipients.flatMap((one) => [`<${one}>`, `    (reason: ${refusal})`]),
    '',
    '   ----- Transcript of session follows -----',
    `... while talking to [${backend}]:`,
    '>>> DATA',
    ...report.recipients.flatMap((one) => [`<<< ${refusal}`, `550 5.1.1 <${one}>... User unknown`]),
    '<<< 554 5.5.1 No valid recipients',
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${hostName}`,
    `Received-From-MTA: DNS; ${client.name}`,
    `Arrival-Date: ${date}`,
    ...report.recipients.flatMap((one) => [
      '',
      `Final-Recipient: RFC822; ${one}`,
      `X-Actual-Recipient: rfc822; ${one}`,
      'Action: failed',
      'Status: 5.1.1',
      `Remote-MTA: DNS; [${backend}]`,
      `Diagnostic-Code: SMTP; ${refusal}`,
      `Last-Attempt-Date: ${date}`,
    ]),
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    `Return-Path: <${report.sender}>`,
    `Received: from ${client.name} (${client.name} [${client.address}])`,
    `\tby ${hostName} (${version}) with ESMTP id ${sendmailId(arrivedAt - 1000, letter.number)};`,
    `\t${date}`,
    `From: <${report.sender}>`,
    `To: ${report.recipients.map((one) => `<${one}>`).join(', ')}`,
    `Subject: ${subject}`,
    `Date: ${dateOf(arrivedAt, '+0000')}`,
    `Message-ID: <${messageId}>`,
    '',
    `--${boundary}--`,
    '',
  ];
}

function boundaryOf({ arrivedAt }: Letter, id: string): string {
  return `${id}.${Math.floor(arrivedAt / 1000)}/${hostName}`;
}

/** `202611222146`. */
function stamp(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replaceAll(/\D/g, '');
}
