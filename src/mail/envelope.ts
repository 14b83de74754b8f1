/**
 * The words of the trade, one for each thing, used everywhere in this code.
 *
 * - envelope: reverse-path and forward-paths of one message, apart from its content (RFC 5321 §2.3.1)
 * - reverse-path: the sender of the envelope, where failures are reported; without angle brackets here
 * - null reverse-path: the empty one, '' here and `<>` on the wire; notices carry it (RFC 5321 §4.5.5)
 * - forward-path: one recipient of the envelope
 * - reply, reply code, enhanced status code: what an SMTP server answers (RFC 5321 §4.2, RFC 3463)
 * - notice: a delivery status notification, DSN, "bounce" (RFC 3464)
 * - double bounce: a notice about a notice that could not be delivered
 * - MX, null MX: where a domain takes mail, or that it takes none (RFC 5321 §5.1, RFC 7505)
 * - smarthost: a next hop that takes mail for every domain
 * - next hop: the server, mailbox or program that a message goes to next
 * - mailer (sendmail) and transport (Postfix, Exim): the means by which it goes there
 * - milter: a filter that a mail server asks over a socket during SMTP
 * - proof: what shows that a reverse-path is no forgery: a login, a trusted network, SPF, DKIM
 * - destination: what the configuration names as the next hop of a domain's mail
 * - black hole: a route that leads back to the asking server, or nowhere
 * - lane: the transactions with one next hop, and how many it bears at a time
 * - way: a next hop once its route is judged, and what takes mail there
 * - cut-through: handing a message to its backend while the client waits
 * - call-ahead: asking the backend at RCPT whether a mailbox exists
 * - settling: writing down what an attempt made of each recipient
 * - verdict: what is to be done; receipt: the record that a verdict leaves in the journal
 *
 * Those of the rescue:
 *
 * - entry: one message in the queue of another server; in OpenSMTPD's, one recipient of a message
 * - cause: entries that wait for the same reason, taken together
 * - proposal: what may become of an entry: purge, hold, leave
 * - held: kept from delivery by the server's own means: hold, freeze, quarantine, pause
 * - hand: the means by which a queue is changed
 * - seizure: keeping the server from entries while they are archived and removed
 * - archive: the file of one run with all that it took out; receipt is also its name, such as 2026-11-22.1
 * - restoring: putting archived entries back; undo: the command that does so and releases what was held
 * - source: where a flood came from: clients, forged senders, sites
 * - site: a domain of ours that the flood was written to
 */

/** Whoever speaks SMTP to the server; unknown parts are null. */
export interface Client {
  /** IP address in text, as the mail server gave it. */
  readonly address: string | null;
  /** Host name by reverse look-up, as the mail server gave it. */
  readonly name: string | null;
  /** Argument of HELO or EHLO. */
  readonly helo: string | null;
}

/** Where the asking mail server is about to send a message: its own resolution of an address. */
export interface NextHop {
  /** sendmail's mailer or Postfix's transport: `esmtp`, `local`, `virtual`, ... */
  readonly mailer: string | null;
  /** Host or domain that is handed to the mailer: `seaton.biz`, `[192.0.2.7]`. */
  readonly host: string;
  /** The address as the server rewrote it; its domain may differ from what the client typed. */
  readonly address: string | null;
}

/**
 * What stands for the next hop where the server cannot tell it for now: its own tables decide, so that
 * nobody condemns the address meanwhile.
 */
export const unresolved: NextHop = { mailer: 'unresolved', host: '', address: null };

/** MAIL with its parameters: RFC 5321 §4.1.1.2, RFC 1870, 6152, 3030, 6531, 3461 §4.3 and §4.4. */
export interface MailParameters {
  /** Without angle brackets; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly body: '7bit' | '8bitmime' | 'binarymime';
  readonly smtpUtf8: boolean;
  /** What a notice returns of the message; null: as the server likes. */
  readonly ret: 'full' | 'hdrs' | null;
  /** Decoded from xtext. */
  readonly envid: string | null;
}

export const notifyConditions = ['success', 'failure', 'delay'] as const;
export type NotifyCondition = (typeof notifyConditions)[number];

/** RCPT with its parameters: RFC 3461 §4.1 and §4.2. */
export interface RcptParameters {
  /** Without angle brackets. */
  readonly forwardPath: string;
  /** Empty is NOTIFY=NEVER; null: not said, which means failure and delay. */
  readonly notify: readonly NotifyCondition[] | null;
  /** `rfc822;ann@example.org`, the address decoded from xtext. */
  readonly orcpt: string | null;
}
