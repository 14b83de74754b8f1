/**
 * Routes by domain: judged once, kept as long as DNS allows, looked up once however many ask.
 *
 * Two generations bound the memory: what is asked for moves to the young one, and when that is full
 * the old one goes. A flood of invented domains thus never pushes out what is in use.
 */
import type { Domain } from '../mail/address.ts';
import { formatDomain } from '../mail/address.ts';
import { judgeRoute, type RouteVerdict } from '../verdict/route.ts';
import type { RouteFacts } from '../verdict/route-facts.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';

/** `ttl` in ms: how long the facts hold. */
export type GatherRouteFacts = (domain: Domain) => Promise<{ facts: RouteFacts; ttl: number }>;

export interface RoutesOptions {
  readonly gather: GatherRouteFacts;
  readonly policy: RoutePolicy;
  /** ms since any fixed point; never runs backwards. */
  readonly now: () => number;
  /** Most domains that are remembered. */
  readonly capacity: number;
  /** Most domains that are looked up at once. */
  readonly maxPending: number;
}

export interface Routes {
  /**
   * At once where the domain is remembered; null where too many others are being looked up.
   * Rejects only for a bug: DNS trouble is a verdict.
   */
  routeOf(domain: Domain): RouteVerdict | Promise<RouteVerdict> | null;
}

interface Entry {
  readonly route: RouteVerdict;
  readonly expires: number;
}

export function createRoutes(options: RoutesOptions): Routes {
  const { gather, policy, now } = options;
  const generation = Math.max(1, Math.floor(options.capacity / 2));
  const open = new Map<string, Promise<RouteVerdict>>();
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();

  function remember(name: string, entry: Entry): void {
    if (young.size >= generation) {
      old = young;
      young = new Map();
    }
    young.set(name, entry);
  }

  function recall(name: string): RouteVerdict | undefined {
    const entry = young.get(name) ?? old.get(name);
    if (!entry || entry.expires <= now()) return undefined;
    if (!young.has(name)) remember(name, entry);
    return entry.route;
  }

  async function lookUp(domain: Domain, name: string): Promise<RouteVerdict> {
    try {
      const { facts, ttl } = await gather(domain);
      const route = judgeRoute(facts, policy);
      remember(name, { route, expires: now() + ttl });
      return route;
    } finally {
      open.delete(name);
    }
  }

  return {
    routeOf(domain) {
      const name = formatDomain(domain);
      const known = recall(name) ?? open.get(name);
      if (known) return known;
      if (open.size >= options.maxPending) return null;
      const looked = lookUp(domain, name);
      open.set(name, looked);
      return looked;
    },
  };
}
