/**
 * Whether a connection would be one to ourselves: an address of this machine, a port we listen on.
 */
import type { Endpoint } from '../mail/endpoint.ts';
import { type IpAddress, isLoopback, isSameIp, parseIp, unmapped } from '../mail/ip.ts';

const everywhere = new Set(['0.0.0.0', '::']);

/** `bound`: where we listen now. `isOwn`: an address of an interface, or the one before a NAT. */
export function isOwnListener(
  found: IpAddress,
  port: number,
  bound: readonly Endpoint[],
  isOwn: (address: IpAddress) => boolean,
): boolean {
  const address = unmapped(found);
  return bound.some((endpoint) => {
    if (!('port' in endpoint) || endpoint.port !== port) return false;
    // 0.0.0.0 as a target is this machine (RFC 1122 §3.2.1.3).
    if (everywhere.has(address.text)) return true;
    if (everywhere.has(endpoint.host)) return isLoopback(address) || isOwn(address);
    const listener = parseIp(endpoint.host);
    return listener !== null && isSameIp(unmapped(listener), address);
  });
}
