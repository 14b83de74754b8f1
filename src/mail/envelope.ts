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
 * - black hole: a route that leads back to the asking server, or nowhere
 * - verdict: what is to be done; receipt: the record that a verdict leaves in the journal
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
