/**
 * Notices that are plain text, with the message that came back below a line that says so.
 *
 * - Exim before 4.85: X-Failed-Recipients in the header, and `  ADDRESS` with the reason below it
 * - qmail: QSBMF, https://cr.yp.to/proto/qsbmf.txt
 * - sendmail with SendMimeErrors off: `<ADDRESS>` below a line of dashes, with `(reason: ...)`
 *
 * Texts vary with version and configuration, so little is taken from them.
 */
import { textOf } from '../mail/text.ts';
import { FailedRecipients } from './failed-recipients.ts';
import { nextLine } from './notice-fields.ts';
import { nothingReturned, type ReturnedHeader, readReturned } from './returned-header.ts';

export interface PlainReport {
  readonly failed: FailedRecipients;
  readonly reason: string | null;
  readonly returned: ReturnedHeader;
  readonly reportingMta: string | null;
}

/** Longer lines are no line of a notice that tells an address. */
const lineLimit = 1000;
const addressLimit = 320;
const greeting = Buffer.from('Hi. This is the ');
const qmailLine = Buffer.from('\n--- Below this line is a copy of the message.');
const eximLine = Buffer.from('\n------ This is a copy of ');
const sendmailStart = Buffer.from('----- The following addresses had ');
const sendmailLines = ['Original message follows', 'Message header follows'].map((text) =>
  Buffer.from(`\n   ----- ${text} -----`),
);

/** `failedHeader`: what X-Failed-Recipients lists. */
export function readPlain(
  bytes: Buffer,
  body: number,
  failedHeader: string | null,
): PlainReport | null {
  if (failedHeader !== null) return readExim(bytes, body, failedHeader);
  if (startsWith(bytes, body, greeting)) return readQsbmf(bytes, body);
  return readSendmail(bytes, body);
}

function readExim(bytes: Buffer, body: number, failedHeader: string): PlainReport {
  const failed = new FailedRecipients();
  for (const item of failedHeader.split(',')) {
    const address = item.trim();
    if (address !== '') failed.add(address.length > addressLimit ? null : address);
  }
  const divider = bytes.indexOf(eximLine, body);
  const text = divider < 0 ? bytes.length : divider + 1;
  let reason: string | null = null;
  let isAfterAddress = false;
  eachLine(bytes, body, text, (line) => {
    if (isAfterAddress && line.startsWith('    ')) reason ??= line.trim();
    isAfterAddress ||= failed.named.has(line.trim());
  });
  return { failed, reason, returned: returnedBelow(bytes, divider), reportingMta: null };
}

/** QSBMF: paragraphs, each of which begins with `<ADDRESS>:` and tells why on the lines below. */
function readQsbmf(bytes: Buffer, body: number): PlainReport {
  const failed = new FailedRecipients();
  const divider = bytes.indexOf(qmailLine, body);
  const text = divider < 0 ? bytes.length : divider + 1;
  let reason: string | null = null;
  let reportingMta: string | null = null;
  let isParagraph = true;
  let isAfterAddress = false;
  eachLine(bytes, body, text, (line) => {
    if (isParagraph) reportingMta ??= /^Hi\. .* at ([^\s]{1,255}?)\.?$/.exec(line)?.[1] ?? null;
    const address = isParagraph ? /^<(.{1,320})>:$/.exec(line)?.[1] : undefined;
    if (isAfterAddress && line !== '') reason ??= line;
    isAfterAddress = address !== undefined;
    if (address !== undefined) failed.add(address);
    isParagraph = line === '';
  });
  return { failed, reason, returned: returnedBelow(bytes, divider), reportingMta };
}

function readSendmail(bytes: Buffer, body: number): PlainReport | null {
  const start = bytes.indexOf(sendmailStart, body);
  if (start < 0) return null;
  const failed = new FailedRecipients();
  const divider = Math.max(...sendmailLines.map((line) => bytes.indexOf(line, start)));
  const text = divider < 0 ? bytes.length : divider + 1;
  let reason: string | null = null;
  let isOver = false;
  const list = nextLine(bytes, start, text);
  if (list > 0)
    eachLine(bytes, list, text, (line) => {
      isOver ||= /^\s*-----/.test(line);
      const address = isOver ? undefined : /^<(.{1,320})>/.exec(line)?.[1];
      if (address !== undefined) failed.add(address);
      if (!isOver && failed.count > 0) reason ??= /^\s+\(reason: (.*)\)$/.exec(line)?.[1] ?? null;
    });
  return { failed, reason, returned: returnedBelow(bytes, divider), reportingMta: null };
}

/** The message begins after the line that announces it and the empty lines below. */
function returnedBelow(bytes: Buffer, divider: number): ReturnedHeader {
  if (divider < 0) return nothingReturned;
  let at = nextLine(bytes, divider + 1, bytes.length);
  while (at > 0 && (bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  return at < 0 ? nothingReturned : readReturned(bytes, at, bytes.length);
}

/** Lines that end before `end`: one that does not was cut. */
function eachLine(bytes: Buffer, start: number, end: number, take: (line: string) => void): void {
  for (let at = start, next = 0; at < end; at = next) {
    next = nextLine(bytes, at, end);
    if (next < 0) return;
    if (next - at <= lineLimit) take(textOf(bytes, at, next).trimEnd());
  }
}

function startsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  return bytes.subarray(at, at + text.length).equals(text);
}
