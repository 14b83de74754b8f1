/**
 * Whether the client is Spillway itself, which asks the server that is guarded who exists there.
 *
 * The answer must come from that server then: asked by it in turn, we would wait for ourselves.
 */
import type { Client } from '../mail/envelope.ts';
import { isOwnClient, isOwnName } from '../mail/identity.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';

/** A stranger can use our name and the null reverse-path, and has another address. */
export function isOwnProbe(
  client: Client | null,
  reversePath: string | null,
  policy: RoutePolicy,
): boolean {
  if (reversePath !== '' || !client?.helo || !client.address) return false;
  const identity = {
    ownNames: policy.ownNames,
    isOwnAddress: (address: Parameters<typeof classifyAddress>[0]) =>
      classifyAddress(address, policy) === 'self',
  };
  return isOwnName(identity, client.helo) && isOwnClient(identity, client.address);
}
