/**
 * One message in the queue of another mail server, whichever server that is.
 *
 * Read from files that strangers had a hand in: every text may hold anything, unescaped. What is not
 * UTF-8 stands here as latin1, octet by octet.
 */
import type { Client, NextHop } from '../mail/envelope.ts';
import type { NoticeReport } from './notice-report.ts';

export const mtas = ['sendmail', 'postfix', 'exim', 'opensmtpd'] as const;
export type Mta = (typeof mtas)[number];

export interface QueueEntry {
  /** As the server's own tools name it. */
  readonly id: string;
  readonly state: EntryState;
  /** Why it is held, in the server's words; null where it does not say. */
  readonly heldFor: string | null;
  /** Without angle brackets; '' is the null reverse-path, also where the server writes MAILER-DAEMON. */
  readonly reversePath: string;
  /** `own`: written by this server; `foreign`: the null reverse-path came from elsewhere. */
  readonly notice: 'own' | 'foreign' | null;
  /** What is done already stands after what waits, where the server still tells of it. */
  readonly recipients: readonly EntryRecipient[];
  /** ms since 1970; in whole seconds for most servers. */
  readonly arrivedAt: number;
  /** ms since 1970; null: not tried yet, or the server does not tell. */
  readonly lastTriedAt: number | null;
  /** How often it was tried; null where the server does not tell. */
  readonly tries: number | null;
  /** Octets of the message: what the server's own tool shows. */
  readonly size: number;
  /** Who handed it in; null where the server does not tell, as for its own notices. */
  readonly client: Client | null;
  /** The last words about the message as a whole, such as why it waits. */
  readonly complaint: string | null;
  /** What a notice reports; null for other mail, and where it cannot be read. */
  readonly report: NoticeReport | null;
}

/**
 * `waiting` for its next try; `active`: it just came, or is being delivered; `held` until somebody
 * releases it (Postfix: hold, Exim: frozen, sendmail: quarantined, OpenSMTPD: paused).
 */
export type EntryState = 'waiting' | 'active' | 'held';

export interface EntryRecipient {
  /** Without angle brackets. */
  readonly forwardPath: string;
  readonly isDone: boolean;
  /** The last words about it; null where there are none. */
  readonly complaint: string | null;
  /** Where the server is about to send it, if the entry itself says so. */
  readonly nextHop: NextHop | null;
}

/** What became of reading an entry's files. */
export type EntryRead =
  | { readonly kind: 'entry'; readonly entry: QueueEntry }
  /** `problem`: what was expected, what was found, and where. */
  | { readonly kind: 'fault'; readonly problem: string };
