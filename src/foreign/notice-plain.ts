/**
 * Notices that are plain text, with the message that came back below a line that says so.
 *
 * - Exim before 4.85: X-Failed-Recipients in the header, and `  ADDRESS` with the reason below it
 * - qmail: QSBMF, https://cr.yp.to/proto/qsbmf.txt
 * - sendmail with SendMimeErrors off: `<ADDRESS>` below a line of dashes, with `(reason: ...)`
 *
 * Texts vary with version and configuration, so little is taken from them.
 */
import { fromOctets } from '../mail/text.ts';
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
const greeting = 'Hi. This is the ';
const qmailLine = '\n--- Below this line is a copy of the message.';
const eximLine = '\n------ This is a copy of ';
const sendmailStart = '----- The following addresses had ';
const sendmailLines = [
  '\n   ----- Original message follows -----',
  '\n   ----- Message header follows -----',
];

/** `failedHeader`: what X-Failed-Recipients lists. */
export function readPlain(
  text: string,
  body: number,
  failedHeader: string | null,
): PlainReport | null {
  if (failedHeader !== null) return readExim(text, body, failedHeader);
  if (text.startsWith(greeting, body)) return readQsbmf(text, body);
  return readSendmail(text, body);
}

function readExim(text: string, body: number, failedHeader: string): PlainReport {
  const failed = new FailedRecipients();
  for (const item of failedHeader.split(',')) {
    const address = item.trim();
    if (address !== '') failed.add(address.length > addressLimit ? null : address);
  }
  const divider = text.indexOf(eximLine, body);
  const end = divider < 0 ? text.length : divider + 1;
  let reason: string | null = null;
  let isAfterAddress = false;
  eachLine(text, body, end, (line) => {
    if (isAfterAddress && line.startsWith('    ')) reason ??= line.trim();
    isAfterAddress ||= failed.named.has(line.trim());
  });
  return { failed, reason, returned: returnedBelow(text, divider), reportingMta: null };
}

/** QSBMF: paragraphs, each of which begins with `<ADDRESS>:` and tells why on the lines below. */
function readQsbmf(text: string, body: number): PlainReport {
  const failed = new FailedRecipients();
  const divider = text.indexOf(qmailLine, body);
  const end = divider < 0 ? text.length : divider + 1;
  let reason: string | null = null;
  let reportingMta: string | null = null;
  let isParagraph = true;
  let isAfterAddress = false;
  eachLine(text, body, end, (line) => {
    if (isParagraph) reportingMta ??= /^Hi\. .* at ([^\s]{1,255}?)\.?$/.exec(line)?.[1] ?? null;
    const address = isParagraph ? /^<(.{1,320})>:$/.exec(line)?.[1] : undefined;
    if (isAfterAddress && line !== '') reason ??= line;
    isAfterAddress = address !== undefined;
    if (address !== undefined) failed.add(address);
    isParagraph = line === '';
  });
  return { failed, reason, returned: returnedBelow(text, divider), reportingMta };
}

function readSendmail(text: string, body: number): PlainReport | null {
  const start = text.indexOf(sendmailStart, body);
  if (start < 0) return null;
  const failed = new FailedRecipients();
  const divider = Math.max(...sendmailLines.map((line) => text.indexOf(line, start)));
  const end = divider < 0 ? text.length : divider + 1;
  let reason: string | null = null;
  let isOver = false;
  const list = nextLine(text, start, end);
  if (list > 0)
    eachLine(text, list, end, (line) => {
      isOver ||= /^\s*-----/.test(line);
      const address = isOver ? undefined : /^<(.{1,320})>/.exec(line)?.[1];
      if (address !== undefined) failed.add(address);
      if (!isOver && failed.count > 0) reason ??= /^\s+\(reason: (.*)\)$/.exec(line)?.[1] ?? null;
    });
  return { failed, reason, returned: returnedBelow(text, divider), reportingMta: null };
}

/** The message begins after the line that announces it and the empty lines below. */
function returnedBelow(text: string, divider: number): ReturnedHeader {
  if (divider < 0) return nothingReturned;
  let at = nextLine(text, divider + 1, text.length);
  while (at > 0 && (text[at] === '\n' || text[at] === '\r')) at++;
  return at < 0 ? nothingReturned : readReturned(text, at, text.length);
}

/** Lines that end before `end`: one that does not was cut. */
function eachLine(text: string, start: number, end: number, take: (line: string) => void): void {
  for (let at = start, next = 0; at < end; at = next) {
    next = nextLine(text, at, end);
    if (next < 0) return;
    if (next - at <= lineLimit) take(fromOctets(text.slice(at, next)).trimEnd());
  }
}
