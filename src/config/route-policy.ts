/**
 * The route policy, from what the operator configured and what the machine is.
 */
import type { Endpoint } from '../mail/endpoint.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';
import { smtpEndpoints } from './own-listeners.ts';
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
    smarthosts: new Set([...verdict.smarthosts, ...smtpEndpoints(smtp).flatMap(hopsTo)]),
    alone: verdict.alone,
    mixed: verdict.mixed,
  };
}

/** A server beside us that hands us its notices, all of them, says nothing about their domains by that. */
function hopsTo(endpoint: Endpoint): string[] {
  if ('path' in endpoint) return [];
  const { host, port } = endpoint;
  const hosts = host === '0.0.0.0' || host === '::' ? ['127.0.0.1', '::1'] : [host];
  return hosts.map((one) => `[${parseIp(one)?.text ?? one.toLowerCase()}]:${port}`);
}
