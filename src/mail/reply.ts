/**
 * SMTP replies: what we answer, as plain data.
 *
 * RFC 5321 §4.2 (reply codes), RFC 3463 and its registry (enhanced codes), RFC 7505 §4 (null MX).
 * Only the rooms in wire/ turn a Reply into bytes.
 */
export interface Reply {
  readonly code: number;
  /** Enhanced status code; its first digit equals that of `code`. */
  readonly status: string;
  readonly text: string;
}

export const replies = {
  senderNullMx: { code: 550, status: '5.7.27', text: 'Sender domain takes no mail' },
  senderBlackhole: {
    code: 550,
    status: '5.1.8',
    text: 'Sender domain leads nowhere: no report can reach it',
  },
  senderNoDomain: { code: 550, status: '5.1.8', text: 'Sender domain does not exist' },
  senderNoMail: { code: 550, status: '5.1.8', text: 'Sender domain has no mail server' },
  senderMalformed: { code: 550, status: '5.1.8', text: 'Sender domain has a malformed MX' },
  senderSyntax: { code: 553, status: '5.1.7', text: 'Sender address is malformed' },
  senderUnknown: {
    code: 451,
    status: '4.4.3',
    text: 'Sender domain lookup failed, try again later',
  },
  recipientNullMx: { code: 556, status: '5.1.10', text: 'Recipient domain takes no mail' },
  recipientBlackhole: { code: 550, status: '5.4.4', text: 'Recipient domain leads nowhere' },
  recipientNoDomain: { code: 550, status: '5.1.2', text: 'Recipient domain does not exist' },
  recipientNoMail: { code: 550, status: '5.4.4', text: 'Recipient domain has no mail server' },
  recipientMalformed: { code: 550, status: '5.4.4', text: 'Recipient domain has a malformed MX' },
  recipientSyntax: { code: 553, status: '5.1.3', text: 'Recipient address is malformed' },
  recipientUnknown: {
    code: 451,
    status: '4.4.3',
    text: 'Recipient domain lookup failed, try again later',
  },
  mailboxUnknown: { code: 550, status: '5.1.1', text: 'No such mailbox here' },
  mailboxUncertain: {
    code: 451,
    status: '4.1.1',
    text: 'Mailbox cannot be verified now, try again later',
  },
  relayDenied: { code: 550, status: '5.7.1', text: 'Relaying denied' },
  dmarcFail: { code: 550, status: '5.7.26', text: "Rejected by the policy of the author's domain" },
  loop: { code: 554, status: '5.4.6', text: 'Mail loop detected' },
  overloaded: { code: 451, status: '4.3.2', text: 'Too busy, try again later' },
  internal: { code: 451, status: '4.3.0', text: 'Temporary trouble, try again later' },
} as const satisfies Record<string, Reply>;

/** `550 5.7.27 Sender domain takes no mail` */
export function formatReply(reply: Reply): string {
  return `${reply.code} ${reply.status} ${reply.text}`;
}
