/**
 * What the roots of the real mail servers are made of.
 */

/** Debian 12, whose servers docs/ speaks of: sendmail 8.17, Postfix 3.7, Exim 4.96, OpenSMTPD 6.8. */
export const release = 'bookworm';

export interface Recipe {
  readonly packages: readonly string[];
  /** Answers to what the packages ask when they are installed, for debconf-set-selections. */
  readonly answers?: readonly string[];
}

/** In every root: syslogd, packet counters, and what a look inside needs. */
export const basePackages = ['busybox', 'nftables', 'procps'] as const;

const sendmail = ['sendmail-bin', 'sendmail-cf', 'sensible-mda', 'm4', 'make'];
const postfix = ['postfix', 'postfix-pcre'];
const rspamd = ['rspamd', 'redis-server'];
const noConfiguration = ['postfix postfix/main_mailer_type select No configuration'];

export const recipes = {
  sendmail: { packages: sendmail },
  postfix: { packages: postfix, answers: noConfiguration },
  exim: { packages: ['exim4-daemon-heavy'] },
  opensmtpd: { packages: ['opensmtpd'] },
  dovecot: { packages: ['dovecot-core', 'dovecot-lmtpd'] },
  /** Clients and sinks: swaks, and Postfix's smtp-source and smtp-sink. */
  tools: {
    packages: [
      ...['postfix', 'swaks', 'openssl'],
      ...['libnet-ssleay-perl', 'libauthen-sasl-perl', 'libnet-dns-perl'],
    ],
    answers: noConfiguration,
  },
  /** The benchmarks compare the guard with rspamd beside the same server; its MX check needs Redis. */
  'rspamd-sendmail': { packages: [...sendmail, ...rspamd] },
  'rspamd-postfix': { packages: [...postfix, ...rspamd], answers: noConfiguration },
  /** Nothing but Debian: for Spillway, and for Haraka, which npm brings (haraka.ts). */
  plain: { packages: ['openssl'] },
} as const satisfies Record<string, Recipe>;

export type ServerName = keyof typeof recipes;
