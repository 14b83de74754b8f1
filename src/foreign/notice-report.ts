/**
 * What a failure notice tells of the message it reports: read from its parts, as mail servers write them.
 *
 * RFC 3464 (multipart/report), RFC 6522, RFC 6533; Exim's X-Failed-Recipients. A part that is missing or
 * damaged leaves nulls: notices are written by strangers too.
 */
import { FailedRecipients } from './failed-recipients.ts';
import { eachField, isFieldNamed, valueBeginning } from './notice-fields.ts';
import { boundaryOf, readParts } from './notice-parts.ts';
import { readPlain } from './notice-plain.ts';
import { readStatus } from './notice-status.ts';
import { nothingReturned, type ReturnedHeader, readReturned } from './returned-header.ts';

export interface NoticeReport {
  /** Reverse-path of the reported message, where its header or the report tells it. */
  readonly sender: string | null;
  /** Who could not be reached, each once, at most 100; the rest is only counted. */
  readonly recipients: readonly string[];
  readonly recipientCount: number;
  /** IP address of the client that brought the reported message to this server. */
  readonly client: string | null;
  readonly messageId: string | null;
  /** Diagnostic-Code or Status of the first recipient: `smtp; 550 5.1.1 User unknown`. */
  readonly reason: string | null;
  /** Name of the server that wrote the notice. */
  readonly reportingMta: string | null;
}

/** How many octets of a notice have to be given: its own header, the report and the returned header are in it. */
export const noticePrefix = 32_768;

/** Longer values are cut. */
const valueLimit = 2000;
/** X-Failed-Recipients lists them all. */
const listLimit = 16_384;

interface OwnHeader {
  readonly contentType: string;
  readonly from: string;
  readonly failed: string | null;
  /** Where the body begins. */
  readonly body: number;
}

/**
 * `content`: header and body of the notice as latin1, or as much of its beginning as there is; lines may
 * end in CRLF or LF. Put together by join, since a text that `+` has made is slow to walk through. Null: it
 * is no report.
 */
export function readNoticeReport(content: string): NoticeReport | null {
  const text = content.slice(0, noticePrefix);
  const header = readOwnHeader(text);
  const boundary = boundaryOf(header.contentType);
  return boundary === null ? readTextReport(text, header) : readMultipart(text, header, boundary);
}

function readOwnHeader(text: string): OwnHeader {
  let [contentType, from]: (string | null)[] = [null, null];
  const failed: string[] = [];
  const body = eachField(text, 0, text.length, (name, nameLength, start, end) => {
    if (nameLength === 12 && isFieldNamed(text, name, 'content-type'))
      contentType ??= valueBeginning(text, start, end, valueLimit);
    else if (nameLength === 4 && isFieldNamed(text, name, 'from'))
      from ??= valueBeginning(text, start, end, valueLimit);
    else if (nameLength === 19 && isFieldNamed(text, name, 'x-failed-recipients'))
      failed.push(valueBeginning(text, start, end, listLimit));
  });
  return {
    contentType: contentType ?? '',
    from: from ?? '',
    failed: failed.length > 0 ? failed.join(',') : null,
    body,
  };
}

function readMultipart(text: string, header: OwnHeader, boundary: string): NoticeReport | null {
  const parts = readParts(text, header.body, boundary);
  const statusPart = parts.find(({ kind }) => kind === 'status');
  if (!statusPart && !isFailureReport(header.contentType)) return null;
  const status = statusPart
    ? readStatus(text, statusPart.start, statusPart.end, statusPart.end === text.length)
    : null;
  const part = parts.find(({ kind }) => kind === 'returned');
  const returned = part ? readReturned(text, part.start, part.end) : nothingReturned;
  return reportOf(returned, status?.failed ?? new FailedRecipients(), {
    sender: status?.sender ?? null,
    reason: status?.reason ?? null,
    reportingMta: status?.reportingMta ?? null,
  });
}

/** Reports of other kinds tell that a message was read, or that somebody complains of it. */
function isFailureReport(contentType: string): boolean {
  return (
    /^multipart\/report\b/i.test(contentType) &&
    /;\s*report-type\s*=\s*"?(?:global-)?delivery-status\b/i.test(contentType)
  );
}

function readTextReport(text: string, header: OwnHeader): NoticeReport | null {
  const plain = readPlain(text, header.body, header.failed);
  if (plain === null) return null;
  const { returned, failed, reason } = plain;
  const reportingMta =
    plain.reportingMta ?? /@([^\s<>@,]{1,255})>?\s*(?:\(.*\))?$/.exec(header.from)?.[1];
  return reportOf(returned, failed, { sender: null, reason, reportingMta: reportingMta ?? null });
}

function reportOf(
  { sender, client, messageId }: ReturnedHeader,
  failed: FailedRecipients,
  told: Pick<NoticeReport, 'sender' | 'reason' | 'reportingMta'>,
): NoticeReport {
  return {
    sender: told.sender ?? sender,
    recipients: [...failed.named],
    recipientCount: failed.count,
    client,
    messageId,
    reason: told.reason,
    reportingMta: told.reportingMta,
  };
}
