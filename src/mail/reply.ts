/**
 * SMTP replies: what we answer, as plain data.
 *
 * RFC 5321 §4.2 (reply codes), RFC 3463 and its registry (enhanced codes), RFC 7505 §4 (null MX).
 * Only the rooms in wire/ turn a Reply into bytes.
 */
export interface Reply {
  readonly code: number;
  /**
   * Enhanced status code; its first digit equals that of `code`. '' where none belongs: the greeting,
   * answers to EHLO and HELO (RFC 2034 §3), and 3xx.
   */
  readonly status: string;
  readonly text: string;
}

export const replies = {
  // The conversation. Our name stands before the text of the first three.
  greeting: { code: 220, status: '', text: 'ESMTP ready' },
  greetingLmtp: { code: 220, status: '', text: 'LMTP ready' },
  hello: { code: 250, status: '', text: 'at your service' },
  bye: { code: 221, status: '2.0.0', text: 'Goodbye' },
  ok: { code: 250, status: '2.0.0', text: 'OK' },
  help: { code: 214, status: '2.0.0', text: 'See RFC 5321' },
  cannotVerify: { code: 252, status: '2.5.0', text: 'Cannot verify, but will take mail if it can' },
  timeout: { code: 421, status: '4.4.2', text: 'Nothing heard for too long, closing' },
  shutdown: { code: 421, status: '4.3.2', text: 'Server is shutting down, come back soon' },
  tooManyErrors: { code: 421, status: '4.7.0', text: 'Too many errors, closing' },
  tooManyCommands: { code: 421, status: '4.7.0', text: 'Too many commands without a message' },
  tooManyMessages: { code: 421, status: '4.7.0', text: 'Enough messages for one connection' },
  unknownCommand: { code: 500, status: '5.5.1', text: 'Command not recognized' },
  notImplemented: { code: 502, status: '5.5.1', text: 'Command not implemented' },
  notMail: { code: 554, status: '5.5.1', text: 'This is a mail server' },
  badSequence: { code: 503, status: '5.5.1', text: 'Bad sequence of commands' },
  helloFirst: { code: 503, status: '5.5.1', text: 'Say hello first' },
  mailFirst: { code: 503, status: '5.5.1', text: 'MAIL first' },
  rcptFirst: { code: 503, status: '5.5.1', text: 'RCPT first' },
  nestedMail: { code: 503, status: '5.5.1', text: 'MAIL was already said' },
  noRecipients: { code: 554, status: '5.5.1', text: 'No valid recipients' },
  tooManyRecipients: { code: 452, status: '4.5.3', text: 'Too many recipients' },
  // How a command is written.
  commandTooLong: { code: 500, status: '5.5.2', text: 'Command line too long' },
  bareLf: { code: 500, status: '5.5.2', text: 'Bare LF: lines end with CR LF' },
  bareCr: { code: 500, status: '5.5.2', text: 'Bare CR: lines end with CR LF' },
  nulInCommand: { code: 500, status: '5.5.2', text: 'NUL in a command' },
  controlInCommand: { code: 501, status: '5.5.2', text: 'Control character in a command' },
  notUtf8: { code: 501, status: '5.5.2', text: 'Neither ASCII nor UTF-8' },
  tooEarly: { code: 554, status: '5.5.0', text: 'Input came before it was asked for' },
  noParameters: { code: 501, status: '5.5.4', text: 'No parameters allowed' },
  badHello: { code: 501, status: '', text: 'A host name or address literal must follow' },
  badArgument: { code: 501, status: '5.5.4', text: 'Syntax error in the argument' },
  mailSyntax: { code: 501, status: '5.5.4', text: 'Syntax: MAIL FROM:<address> [parameters]' },
  rcptSyntax: { code: 501, status: '5.5.4', text: 'Syntax: RCPT TO:<address> [parameters]' },
  badParameter: { code: 501, status: '5.5.4', text: 'Syntax error in a parameter' },
  twiceParameter: { code: 501, status: '5.5.4', text: 'Parameter given twice' },
  unknownParameter: { code: 555, status: '5.5.4', text: 'Parameter not recognized' },
  senderTooLong: { code: 501, status: '5.1.7', text: 'Sender address is too long' },
  recipientTooLong: { code: 501, status: '5.1.3', text: 'Recipient address is too long' },
  needsSmtpUtf8: { code: 553, status: '5.6.7', text: 'Addresses beyond ASCII need SMTPUTF8' },
  // Encryption and login.
  readyForTls: { code: 220, status: '2.0.0', text: 'Ready to start TLS' },
  tlsFirst: { code: 530, status: '5.7.0', text: 'Must issue a STARTTLS command first' },
  loginFirst: { code: 530, status: '5.7.0', text: 'Authentication required' },
  loginNeedsTls: { code: 538, status: '5.7.11', text: 'Encryption required for authentication' },
  loginAnswer: { code: 334, status: '', text: '' },
  loginUser: { code: 334, status: '', text: 'VXNlcm5hbWU6' },
  loginPassword: { code: 334, status: '', text: 'UGFzc3dvcmQ6' },
  loggedIn: { code: 235, status: '2.7.0', text: 'Authentication succeeded' },
  loginFailed: { code: 535, status: '5.7.8', text: 'Authentication credentials invalid' },
  loginCancelled: { code: 501, status: '5.7.0', text: 'Authentication cancelled' },
  loginMalformed: { code: 501, status: '5.5.2', text: 'Malformed authentication data' },
  loginTooLong: { code: 500, status: '5.5.6', text: 'Authentication line too long' },
  loginMechanism: { code: 504, status: '5.5.4', text: 'Authentication mechanism not supported' },
  xclientDenied: { code: 550, status: '5.7.0', text: 'XCLIENT is for named proxies' },
  // The message.
  senderOk: { code: 250, status: '2.1.0', text: 'Sender OK' },
  recipientOk: { code: 250, status: '2.1.5', text: 'Recipient OK' },
  goAhead: { code: 354, status: '', text: 'End with a dot on a line of its own' },
  chunkTaken: { code: 250, status: '2.0.0', text: 'Chunk taken' },
  tooLarge: { code: 552, status: '5.3.4', text: 'Message is too large' },
  contentBareLf: {
    code: 550,
    status: '5.6.0',
    text: 'Bare LF in the message: lines end with CR LF',
  },
  contentBareCr: {
    code: 550,
    status: '5.6.0',
    text: 'Bare CR in the message: lines end with CR LF',
  },
  contentNul: { code: 550, status: '5.6.0', text: 'NUL in the message' },
  binaryNeedsBdat: { code: 503, status: '5.5.1', text: 'BODY=BINARYMIME needs BDAT' },
  headerTooLarge: { code: 552, status: '5.3.4', text: 'Header of the message is too large' },
  headerMalformed: { code: 550, status: '5.6.0', text: 'Header of the message is malformed' },
  // What one client, or all of them, may ask of us.
  tooManyConnections: { code: 421, status: '4.3.2', text: 'Too many connections, try again later' },
  tooManyFromClient: { code: 421, status: '4.7.0', text: 'Too many connections from your address' },
  tooManyUnknown: { code: 421, status: '4.7.1', text: 'Too many unknown recipients, closing' },
  tooManyLogins: { code: 454, status: '4.7.0', text: 'Too many failed logins, try again later' },
  loginBusy: { code: 454, status: '4.3.2', text: 'Too many logins at once, try again later' },
  storeFull: { code: 452, status: '4.3.1', text: 'Out of storage, try again later' },
  storeBusy: { code: 452, status: '4.3.1', text: 'Too many messages at once, try again later' },
  // What was asked about it.
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
  floodSender: { code: 450, status: '4.7.1', text: 'Sender is forged in a flood, try again later' },
  floodClient: { code: 421, status: '4.7.1', text: 'Too many unknown recipients, try again later' },
  floodAnswers: { code: 450, status: '4.4.6', text: 'You answer each other without end' },
  loop: { code: 554, status: '5.4.6', text: 'Mail loop detected' },
  overloaded: { code: 451, status: '4.3.2', text: 'Too busy, try again later' },
  internal: { code: 451, status: '4.3.0', text: 'Temporary trouble, try again later' },
} as const satisfies Record<string, Reply>;

/** A positive completion reply (RFC 5321 §4.2.1): what was asked for is done. */
export function isPositive({ code }: Reply): boolean {
  return code < 300;
}

/** `550 5.7.27 Sender domain takes no mail` */
export function formatReply({ code, status, text }: Reply): string {
  return status === '' ? `${code} ${text}` : `${code} ${status} ${text}`;
}
