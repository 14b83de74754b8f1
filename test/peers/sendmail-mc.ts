/**
 * The sendmail.mc of the tests: Debian's own, without what would only make a test slow or random.
 *
 * Left out are the greeting pause, the tarpits and the rate limits; the load at which it queues or
 * refuses is out of reach; it listens on all addresses, with room for 1,000 connections that wait to be
 * taken. With Debian's 10, Linux answers the rest with SYN cookies and forgets some of them, so that
 * their client waits 5 minutes for a greeting. Everything else is as Debian sets it up.
 */

import { addresses } from './network.ts';

export interface McOptions {
  /**
   * Whether it looks for its own name in the greeting of whom it delivers to, as it does by default.
   * Without (mailer flag k) it is the server of 2006.
   */
  readonly ownNameCheck?: boolean;
  /** IPv6 address to listen on; default the server's. */
  readonly address?: string;
  /** More lines of m4, before the mailers. */
  readonly features?: readonly string[];
  /** More lines, after the mailers: LOCAL_CONFIG, LOCAL_RULESETS. */
  readonly locals?: readonly string[];
}

export function formatMc(options: McOptions = {}): string {
  const { ownNameCheck = true, features = [], locals = [] } = options;
  const { address = addresses.server.v6 } = options;
  const flags = ['SMTP', 'ESMTP', 'RELAY'].map(
    (mailer) => `MODIFY_MAILER_FLAGS(\`${mailer}', \`+k')dnl`,
  );
  return `${[
    "define(`_USE_ETC_MAIL_')dnl",
    "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl",
    "VERSIONID(`the peers tests of Spillway')",
    "OSTYPE(`debian')dnl",
    "DOMAIN(`debian-mta')dnl",
    "undefine(`confHOST_STATUS_DIRECTORY')dnl",
    "FEATURE(`no_default_msa')dnl",
    "DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port=smtp, L=1000')dnl",
    // Without an address it would take the IPv4 port as well, and find it in use.
    "DAEMON_OPTIONS(`Family=inet6, Name=MTA-v6-loopback, Port=smtp, Addr=::1, L=1000')dnl",
    `DAEMON_OPTIONS(\`Family=inet6, Name=MTA-v6, Port=smtp, Addr=${address}, L=1000')dnl`,
    "define(`confPRIVACY_FLAGS', `needmailhelo,needexpnhelo,needvrfyhelo,restrictqrun,restrictexpand,nobodyreturn,authwarnings')dnl",
    "define(`confQUEUE_LA', `1000')dnl",
    "define(`confREFUSE_LA', `1000')dnl",
    "define(`confTO_IDENT', `0')dnl",
    "FEATURE(`use_cw_file')dnl",
    "FEATURE(`access_db', , `skip')dnl",
    "FEATURE(`delay_checks', `friend', `n')dnl",
    "FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl",
    ...(ownNameCheck ? [] : flags),
    ...features,
    'MAILER_DEFINITIONS',
    "MAILER(`local')dnl",
    "MAILER(`smtp')dnl",
    ...locals,
  ].join('\n')}\n`;
}
