/**
 * Failure notices and other reports of what became of a message, as plain data.
 *
 * RFC 3464 and 3461. notice-format.ts makes mail of them; whether one may be written is asked
 * elsewhere: see verdict/notice.ts.
 */
import type { Reply } from './reply.ts';

export type NoticeAction = 'failed' | 'delayed' | 'delivered' | 'relayed';

export interface NoticeRecipient {
  readonly forwardPath: string;
  /** `rfc822;ann@example.org`, decoded from xtext. */
  readonly orcpt: string | null;
  readonly action: NoticeAction;
  /** Ours, where it is not that of the reply: 4.4.7 for mail that waited too long. */
  readonly status: string | null;
  /** The last words about it; null where there were none. */
  readonly reply: Reply | null;
  /** Who said them: `mx.example.org (192.0.2.25)`; null: we ourselves. */
  readonly peer: string | null;
  /** Why, in plain words, where there is more to say than the reply does. */
  readonly why: string | null;
  /** ms since 1970. */
  readonly triedAt: number;
}

/** The message that is reported about. Times in ms since 1970. */
export interface NoticeSubject {
  readonly queueId: string;
  readonly receivedAt: number;
  readonly expiresAt: number;
  readonly envid: string | null;
  readonly smtpUtf8: boolean;
}

/** What of the message is returned with the notice; lines ended by CRLF. */
export interface Returned {
  readonly kind: 'full' | 'headers';
  readonly content: Uint8Array;
}

export interface Notice {
  /** Name of our server. */
  readonly reportingMta: string;
  /** Where it goes: without angle brackets. */
  readonly to: string;
  /** ms since 1970. */
  readonly date: number;
  /** Names this notice in the whole world; letters and digits, nothing that can be guessed. */
  readonly token: string;
  readonly about: NoticeSubject;
  /** At least one. */
  readonly recipients: readonly NoticeRecipient[];
  readonly returned: Returned | null;
}
