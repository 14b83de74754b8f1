/**
 * Who speaks SMTP to the mail server: a stranger, this very machine, or the mail server itself.
 */
import { comparableDomain } from '../../mail/address.ts';
import type { Client } from '../../mail/envelope.ts';
import { type Identity, isOwnName as isNameOf } from '../../mail/identity.ts';
import { isLoopback, parseIp, unmapped } from '../../mail/ip.ts';
import type { Command } from './commands.ts';
import { type Macros, macroAt } from './macros.ts';

export interface SessionClient {
  readonly client: Client;
  /** The address is one of this machine's. */
  readonly isOurs: boolean;
  /** Nobody but the mail server itself can look like this; the paths must confirm it. */
  readonly mayBeSimulated: boolean;
}

export function meet(
  identity: Identity,
  macros: Macros,
  command: Extract<Command, { kind: 'connect' }>,
): SessionClient {
  const { family, host, port } = command;
  // sendmail writes IPv6:2001:db8::1.
  const text = command.address.replace(/^ipv6:/i, '');
  const address = family === '4' || family === '6' ? parseIp(text) : null;
  const hasName = host !== '' && host !== 'unknown' && !host.startsWith('[');
  const fromLoopback = address !== null && isLoopback(unmapped(address));
  const isOwn = address !== null && identity.isOwnAddress(unmapped(address));
  return {
    client: { address: address?.text ?? null, name: hasName ? host : null, helo: null },
    isOurs: family === 'L' || fromLoopback || isOwn,
    mayBeSimulated:
      (fromLoopback && port === 0 && host === 'localhost') || isPostfixCleanup(macros),
  };
}

/** `client` is null where the mail server skipped the connection. */
export function greet(client: SessionClient | null, helo: string): SessionClient {
  if (client) return { ...client, client: { ...client.client, helo } };
  return { client: { address: null, name: null, helo }, isOurs: false, mayBeSimulated: false };
}

/**
 * Postfix plays an SMTP client towards `non_smtpd_milters`, for what comes in otherwise and, with
 * `internal_mail_filter_classes`, for its own notices (src/cleanup/cleanup_milter.c). Paths then have
 * no angle brackets, and the client is `localhost` at a loopback address and port 0, which no TCP
 * client has; for mail over QMQP it is the client that brought it. A stranger can leave out the
 * brackets as well, but cannot connect from port 0, nor have a queue id before MAIL
 * (`isPostfixCleanup`).
 */
export function isSimulated(client: SessionClient | null, reversePath: string): boolean {
  return client?.mayBeSimulated === true && !reversePath.includes('<');
}

/** cleanup has a queue id from the start, smtpd not before the first recipient; others are not asked. */
function isPostfixCleanup(macros: Macros): boolean {
  const version = macroAt(macros, 'C', 'v');
  return macroAt(macros, 'C', 'i') !== null && version?.startsWith('Postfix ') === true;
}

/** The machine speaks to itself: its own address, greeting with its own name. */
export function isOurselves(
  identity: Identity,
  macros: Macros,
  client: SessionClient | null,
): boolean {
  const helo = client?.isOurs ? client.client.helo : null;
  return helo !== null && isOwnName(identity, macros, helo);
}

/** The mail server's macro `j` counts as one more own name. */
export function isOwnName(identity: Identity, macros: Macros, name: string): boolean {
  if (isNameOf(identity, name)) return true;
  const own = macroAt(macros, 'E', 'j');
  return own !== null && own !== '' && comparableDomain(own) === comparableDomain(name);
}
