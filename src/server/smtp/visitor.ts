/**
 * Who is at the other end of a connection, as far as it has shown itself.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Client } from '../../mail/envelope.ts';
import { isOwnClient, isOwnName } from '../../mail/identity.ts';
import { contains, type IpNetwork, parseIp, unmapped } from '../../mail/ip.ts';
import type { Hop } from '../../mail/received.ts';
import type { XclientAttributes } from '../../wire/smtp/session.ts';
import { clientKey } from './crowd.ts';
import type { SmtpServices } from './services.ts';

export interface Visitor {
  readonly client: Client;
  /** See Circumstances. */
  readonly connection: object;
  /** By what the limits know it. */
  readonly key: string;
  /** Its address is in a network that may relay. */
  readonly trusted: boolean;
  /** The limits that count clients are not for it: one of us, or whoever may open our unix socket. */
  readonly isSpared: boolean;
  /** Its address is one of this machine's. */
  readonly isOwn: boolean;
  /** The machine speaks to itself: its own address, greeting with its own name. */
  readonly isOurselves: boolean;
  /** Name of who logged in. */
  readonly login: string | null;
  /** EHLO or LHLO was said. */
  readonly protocol: Hop['protocol'];
  readonly tls: Hop['tls'];
}

/** `address` in text; null for a unix socket. `connection`: where it is known already. */
export function meet(
  services: SmtpServices,
  address: string | null,
  connection: object = {},
): Visitor {
  const parsed = address === null ? null : parseIp(address);
  const text = parsed === null ? null : unmapped(parsed).text;
  const trusted = isIn(services.relayNetworks, text);
  return {
    client: { address: text, name: null, helo: null },
    connection,
    key: clientKey(text),
    trusted,
    isSpared: trusted || text === null,
    isOwn: text !== null && isOwnClient(services.identity, text),
    isOurselves: false,
    login: null,
    protocol: 'SMTP',
    tls: null,
  };
}

export function hearHello(
  services: SmtpServices,
  visitor: Visitor,
  helo: string,
  protocol: Hop['protocol'],
): Visitor {
  const isOurselves = visitor.isOwn && isOwnName(services.identity, helo);
  return { ...visitor, client: { ...visitor.client, helo }, isOurselves, protocol };
}

/** XCLIENT: the proxy tells who the client is; another one came over another connection. */
export function introduce(
  services: SmtpServices,
  before: Visitor,
  { address, name, helo, login }: XclientAttributes,
): Visitor {
  const met = address === undefined ? before : meet(services, address);
  const client = { ...met.client };
  if (name !== undefined) client.name = name;
  if (helo !== undefined) client.helo = helo;
  return {
    ...met,
    client,
    protocol: before.protocol,
    tls: before.tls,
    login: login === undefined ? before.login : login,
  };
}

export function isIn(networks: readonly IpNetwork[], text: string | null): boolean {
  if (text === null || networks.length === 0) return false;
  const parsed = parseIp(text);
  if (parsed === null) return false;
  const address = unmapped(parsed);
  return networks.some((network) => contains(network, address));
}

/** What the Received field says of the encryption; null where there is none. */
export function describeTls(socket: Socket): Hop['tls'] {
  if (!(socket instanceof TLSSocket)) return null;
  return {
    version: socket.getProtocol() ?? 'TLS',
    cipher: socket.getCipher()?.standardName ?? 'unknown',
  };
}
