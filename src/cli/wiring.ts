/**
 * Builds the judge and what it stands on, from the configuration and the machine.
 */
import { routePolicyOf } from '../config/route-policy.ts';
import type { Config } from '../config/schema.ts';
import { readHosts } from '../dns/hosts.ts';
import { createResolver, type Resolver } from '../dns/resolver.ts';
import { gatherRouteFacts } from '../dns/route-facts.ts';
import { readResolvConf } from '../dns/server-address.ts';
import { createJudge, type Judge, type JudgeOptions } from '../judge/judge.ts';
import { readOwnAddresses, readOwnNames } from '../judge/machine.ts';
import { createRoutes, type Routes } from '../judge/routes.ts';
import type { Directory } from '../recipients/directory.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';

export interface Guard extends AsyncDisposable {
  readonly judge: Judge;
  readonly routes: Routes;
  readonly policy: RoutePolicy;
  readonly resolver: Resolver;
}

export interface GuardParts extends Pick<JudgeOptions, 'record' | 'kept' | 'onFault' | 'floods'> {
  /** Domains whose mail we take, and who exists there; by default we take none. */
  readonly hosted?: {
    readonly names: readonly string[];
    /** Null: nobody is asked about mailboxes. */
    readonly directory: Directory | null;
  } | null;
  /** Who exists at domains of the servers that are guarded; by default they alone know. */
  readonly guarded?: Directory | null;
}

/** Domains remembered with their verdicts: about 1 KB each. */
const routeCapacity = 10_000;
/** Answers of DNS remembered beside them, 500 bytes each, for what domains share: a provider's MX. */
const resolverCapacity = 5000;
const maxPending = 1000;
/** ms; sendmail waits 10 s for a milter and for a socket map. */
const patience = 8_000;

export async function createGuard(
  config: Config,
  { hosted = null, guarded = null, floods = null, record, kept, onFault }: GuardParts,
): Promise<Guard> {
  const machine = { names: readOwnNames(), addresses: readOwnAddresses() };
  const policy = routePolicyOf(config, machine, hosted?.names);
  const servers = config.dns.servers.length > 0 ? config.dns.servers : await readResolvConf();
  const hosts = await readHosts();
  const now = () => performance.now();
  const resolver = createResolver({
    servers,
    deadline: config.dns.timeout,
    capacity: resolverCapacity,
    maxInFlight: maxPending * 4,
    now,
  });
  const routes = createRoutes({
    gather: (domain) => gatherRouteFacts(resolver, domain, { hosts, deadline: config.dns.timeout }),
    policy,
    now,
    capacity: routeCapacity,
    maxPending,
  });
  const judge = createJudge({
    routes,
    policy,
    loops: config.loops,
    checks: config.checks,
    notices: config.notices,
    directory: hosted?.directory ?? null,
    guarded,
    floods,
    spared: config.relay.networks,
    record,
    kept,
    onFault,
    patience,
  });
  return { judge, routes, policy, resolver, [Symbol.asyncDispose]: () => resolver.close() };
}
