/**
 * Builds a guard that takes no mail itself, and knows who exists at the domains of the servers that it
 * guards, as far as the configuration names any.
 *
 * Those domains are not ours to deliver: their routes are judged like everybody's.
 */
import { type Home, hostedDomainsOf } from '../config/hosted-domains.ts';
import type { Config } from '../config/schema.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { VerifyCache } from '../recipients/verify-cache.ts';
import type { Log } from '../server/log.ts';
import { createRecipients } from './recipients-wiring.ts';
import { createConnections } from './transports-wiring.ts';
import { createGuard, type Guard, type GuardParts } from './wiring.ts';

export interface GuardHouse extends Pick<GuardParts, 'record' | 'kept' | 'onFault' | 'floods'> {
  readonly home: Home;
  readonly verified: VerifyCache;
  readonly bound: () => readonly Endpoint[];
  readonly log: Log;
}

export interface KnowingGuard extends AsyncDisposable {
  readonly domains: readonly HostedDomain[];
  readonly guard: Guard;
}

/** Rejects with MapReadError. */
export async function createKnowingGuard(config: Config, house: GuardHouse): Promise<KnowingGuard> {
  const domains = hostedDomainsOf(config, house.home);
  const recipients = createRecipients(config, domains, house);
  const guard = await createGuard(config, { ...house, guarded: recipients.directory });
  const connections = createConnections(config, guard, house.bound);
  recipients.connect(connections.probe);
  return {
    domains,
    guard,
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await guard[Symbol.asyncDispose]();
    },
  };
}
