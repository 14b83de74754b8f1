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

export function routePolicyOf({ verdict }: Config, machine: Machine): RoutePolicy {
  return {
    ownNames: new Set([...machine.names, ...verdict.ownNames]),
    ownAddresses: [...machine.addresses, ...verdict.ownAddresses],
    publicNetworks: verdict.public,
    nat64: verdict.nat64,
    routedDomains: new Set(verdict.routed),
    smarthosts: new Set(verdict.smarthosts),
    alone: verdict.alone,
    mixed: verdict.mixed,
  };
}
