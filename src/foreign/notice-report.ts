/**
 * What a failure notice tells of the message it reports: read from its parts, as mail servers write them.
 *
 * RFC 3464 (multipart/report), RFC 6522, RFC 6533; Exim's X-Failed-Recipients. A part that is missing or
 * damaged leaves nulls: notices are written by strangers too.
 */
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

/** How much of a notice has to be given: its own header, the report and the returned header are in it. */
export const noticePrefix = 32_768;

/**
 * `content`: header and body of the notice, or as much of its beginning as there is; lines may end in
 * CRLF or LF. Null: it is no report.
 */
export function readNoticeReport(content: Uint8Array): NoticeReport | null {
  void content;
  return null;
}
