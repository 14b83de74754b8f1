/**
 * Routes by domain: judged once, kept as long as DNS allows, looked up once however many ask.
 *
 * A flood of invented domains never pushes out what is in use, and a hostile domain of thousands of
 * addresses takes the room of many (dns/cache.ts).
 */
import { createCache } from '../dns/cache.ts';
import { type Domain, formatDomain } from '../mail/address.ts';
import { detached } from '../mail/detached.ts';
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
  /** Most domains that are remembered, of about 1 KB each. */
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
  readonly until: number;
}

export function createRoutes(options: RoutesOptions): Routes {
  const { gather, policy, now } = options;
  const known = createCache<Entry>(options.capacity, ({ route }) => weigh(route));
  const open = new Map<string, Promise<RouteVerdict>>();

  async function lookUp(domain: Domain, key: string): Promise<RouteVerdict> {
    try {
      const { facts, ttl } = await gather(domain);
      const route = judgeRoute(facts, policy);
      known.set(key, { route, until: now() + ttl });
      return route;
    } finally {
      open.delete(key);
    }
  }

  return {
    routeOf(domain) {
      const text = keyOf(domain);
      const remembered = known.get(text, now())?.route ?? open.get(text);
      if (remembered) return remembered;
      if (open.size >= options.maxPending) return null;
      const key = detached(text);
      const looked = lookUp(isPlain(domain) ? { kind: 'name', name: key } : domain, key);
      open.set(key, looked);
      return looked;
    },
  };
}

function isPlain(domain: Domain): boolean {
  return domain.kind === 'name' && domain.raw === undefined;
}

function keyOf(domain: Domain): string {
  const text = formatDomain(domain);
  return domain.kind === 'name' && domain.raw !== undefined ? `${text} ${domain.raw}` : text;
}

/** In ordinary domains, which have three records or fewer; one record is a few hundred bytes. */
function weigh({ mx }: RouteVerdict): number {
  let records = mx.length;
  for (const { addresses } of mx) records += addresses.length;
  return 1 + Math.floor(records / 4);
}
