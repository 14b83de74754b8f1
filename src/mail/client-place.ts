/**
 * Who a client is taken to be, and its neighbourhood.
 *
 * An IPv6 /64 is what one customer has, and takes another address of it for each connection.
 */
import { isIPv4 } from 'node:net';
import { type IpAddress, ipFromBytes, parseIp, unmapped } from './ip.ts';

export interface ClientPlace {
  /** `192.0.2.7` or `2001:db8::/64`. */
  readonly client: string;
  /** `192.0.2.0/24` or `2001:db8::/48`. */
  readonly network: string;
}

/** Text that is no address stands for itself. */
export function placeOf(address: string): ClientPlace {
  if (isIPv4(address)) return placeOfIPv4(address);
  const found = parseIp(address);
  if (!found) return { client: address, network: address };
  const ip = unmapped(found);
  return ip.bytes.length === 4
    ? placeOfIPv4(ip.text)
    : { client: networkOf(ip, 64), network: networkOf(ip, 48) };
}

/** Almost all are, and floods are made of them: without a detour over octets. */
function placeOfIPv4(client: string): ClientPlace {
  return { client, network: `${client.slice(0, client.lastIndexOf('.'))}.0/24` };
}

/** `prefix`: bits, whole octets. */
function networkOf({ bytes }: IpAddress, prefix: number): string {
  const base = bytes.map((byte, i) => (i < prefix / 8 ? byte : 0));
  return `${ipFromBytes(base).text}/${prefix}`;
}
