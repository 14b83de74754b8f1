/**
 * The route policy, from what the operator configured and what the machine is.
 */
import type { IpAddress } from '../mail/ip.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';
import type { Config } from './schema.ts';

export interface Machine {
  readonly names: readonly string[];
  readonly addresses: readonly IpAddress[];
}

/** `hosted`: domains whose mail we take; wherever DNS leads them, we know better. */
export function routePolicyOf(
  { verdict, smtp }: Config,
  machine: Machine,
  hosted: readonly string[] = [],
): RoutePolicy {
  const { name } = smtp;
  return {
    ownNames: new Set([
      ...machine.names,
      ...(name === undefined ? [] : [name]),
      ...verdict.ownNames,
    ]),
    ownAddresses: [...machine.addresses, ...verdict.ownAddresses],
    publicNetworks: verdict.public,
    nat64: verdict.nat64,
    routedDomains: new Set([...verdict.routed, ...hosted]),
    smarthosts: new Set(verdict.smarthosts),
    alone: verdict.alone,
    mixed: verdict.mixed,
  };
}
