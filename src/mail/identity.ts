/**
 * Who we are, as far as a message or a connection can show it.
 */
import { comparableDomain } from './address.ts';
import { type IpAddress, isLoopback, parseIp, unmapped } from './ip.ts';

/** What must be known of the machine that is guarded. */
export interface Identity {
  /** Own names in comparable form. */
  readonly ownNames: ReadonlySet<string>;
  /** Loopback addresses count as our own without being asked for. */
  readonly isOwnAddress: (address: IpAddress) => boolean;
}

export const nobody: Identity = { ownNames: new Set(), isOwnAddress: () => false };

export function isOwnName(identity: Identity, name: string): boolean {
  return identity.ownNames.has(comparableDomain(name));
}

/** Whether a client at this address is this very machine. `text` is an IP address. */
export function isOwnClient(identity: Identity, text: string): boolean {
  const parsed = parseIp(text);
  if (parsed === null) return false;
  const address = unmapped(parsed);
  return isLoopback(address) || identity.isOwnAddress(address);
}
