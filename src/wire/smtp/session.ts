/**
 * One SMTP or LMTP conversation of a server, as plain data: what happens to it, what it wants done.
 *
 * RFC 5321, RFC 2033 (LMTP), RFC 4954 (AUTH), RFC 3207 (STARTTLS), RFC 3030 (BDAT). The session
 * decides what is allowed when, and nothing about mail: that it asks. step.ts moves it.
 */
import type { MailParameters, RcptParameters } from '../../mail/envelope.ts';
import type { Reply } from '../../mail/reply.ts';

/** What one listener is for; the same for all its connections. */
export interface Terms {
  /** How we greet and call ourselves. */
  readonly name: string;
  readonly protocol: 'smtp' | 'lmtp';
  /** Octets of a message, announced with SIZE (RFC 1870). */
  readonly maxMessage: number;
  readonly maxRecipients: number;
  /** Messages of one connection (LIMITS, RFC 9422). */
  readonly maxMessages: number;
  /** Commands that failed, after which the connection ends with 421. */
  readonly maxErrors: number;
  readonly offersTls: boolean;
  /** No MAIL before STARTTLS. */
  readonly requiresTls: boolean;
  /** AUTH is offered, once the connection is encrypted. */
  readonly offersLogin: boolean;
  /** No MAIL without a login: a submission listener (RFC 6409). */
  readonly requiresLogin: boolean;
}

/** What the world does to a session; bytes have been cut by reader.ts. */
export type SessionEvent =
  /** `encrypted`: implicit TLS. `xclient`: the client is a proxy that may use XCLIENT. */
  | { readonly kind: 'connected'; readonly encrypted: boolean; readonly xclient: boolean }
  /** A command or an answer to AUTH, without its line end. `more`: input follows already. */
  | { readonly kind: 'line'; readonly line: Buffer; readonly more: boolean }
  /** The reader found something that is no SMTP: a line too long, a bare LF, a NUL. */
  | { readonly kind: 'fault'; readonly fault: LineFault }
  /** The answer to the request that is open. `more`: the client did not wait for it. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly more?: boolean }
  /** CRLF.CRLF was seen, or the octets of a BDAT chunk were. `fault`: the content must be refused. */
  | { readonly kind: 'contentEnded'; readonly fault: ContentFault | null }
  | { readonly kind: 'secured' }
  | { readonly kind: 'timeout' }
  /** We are about to stop: end after the transaction that is under way. */
  | { readonly kind: 'shutdown' };

export type LineFault = 'tooLong' | 'bareLf' | 'bareCr' | 'nul';
export type ContentFault = 'bareLf' | 'bareCr' | 'nul' | 'tooLarge';

export type Effect =
  /** `lines` follow the text of the reply: the keywords of EHLO. */
  | { readonly kind: 'reply'; readonly reply: Reply; readonly lines?: readonly string[] }
  /** Nothing more is read until the answer came. */
  | { readonly kind: 'ask'; readonly request: Request }
  /** For `Reader.read`: content comes next; once it ended, command lines again. */
  | { readonly kind: 'read'; readonly what: ContentToRead }
  /** The transaction is over, taken or not: drop the draft if it was not committed, forget the envelope. */
  | { readonly kind: 'reset' }
  /** Discard what was received and not read, then shake hands (RFC 3207 §4.2). */
  | { readonly kind: 'startTls' }
  /** XCLIENT: from now on the client is this one. */
  | { readonly kind: 'setClient'; readonly client: XclientAttributes }
  /** After what was written is sent. */
  | { readonly kind: 'close' };

export type ContentToRead =
  /** Up to CRLF.CRLF, dots unstuffed. */
  | 'content'
  /** The octets of one BDAT chunk (RFC 3030). */
  | {
      readonly octets: number;
      /** The first and the last chunk of its message. */
      readonly first: boolean;
      readonly last: boolean;
      /** BODY=BINARYMIME: any octet is good. */
      readonly binary: boolean;
      /** Nobody wants them: pass over them. */
      readonly discard: boolean;
    };

/** Null: the proxy does not know it. Absent: it says nothing about it. */
export interface XclientAttributes {
  readonly address?: string | null;
  readonly name?: string | null;
  readonly helo?: string | null;
  readonly login?: string | null;
  readonly protocol?: string | null;
}

/** What the session cannot know. `answer` of the same kind comes back, `refused` for any of them. */
export type Request =
  | { readonly kind: 'greet' }
  | { readonly kind: 'hello'; readonly verb: 'EHLO' | 'HELO' | 'LHLO'; readonly name: string }
  | { readonly kind: 'login'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'mail';
      readonly parameters: MailParameters;
      /** SIZE=, RFC 1870 §6. */
      readonly declaredSize: number | null;
    }
  | { readonly kind: 'rcpt'; readonly parameters: RcptParameters }
  /** Content follows: take it. */
  | { readonly kind: 'begin' }
  /** The content is complete: keep it. */
  | { readonly kind: 'end' };

export type Answer =
  | { readonly kind: 'granted' }
  /** Of `end`: 250 with the queue id in it; LMTP: one for each accepted recipient. */
  | { readonly kind: 'replied'; readonly replies: readonly Reply[] }
  /** `close`: the client is sent away. */
  | { readonly kind: 'refused'; readonly reply: Reply; readonly close?: boolean };
