/**
 * Whether a client is this machine itself or in one of some networks: asked for every question, and so
 * remembered for those that come often.
 */
import { detached } from '../mail/detached.ts';
import { contains, type IpNetwork, parseIp, unmapped } from '../mail/ip.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';

const mostRemembered = 4096;

/** Null, a unix socket or the machine's own submission, is one of us. */
export function isOwnClientOf(
  policy: RoutePolicy,
  networks: readonly IpNetwork[],
): (address: string | null) => boolean {
  const known = new Map<string, boolean>();

  function find(text: string): boolean {
    const parsed = parseIp(text);
    if (!parsed) return false;
    const address = unmapped(parsed);
    const found = classifyAddress(address, policy);
    if (found === 'self' || found === 'loopback') return true;
    return networks.some((network) => contains(network, address));
  }

  return (address) => {
    if (address === null) return true;
    const remembered = known.get(address);
    if (remembered !== undefined) return remembered;
    if (known.size >= mostRemembered) known.clear();
    const found = find(address);
    known.set(detached(address), found);
    return found;
  };
}
