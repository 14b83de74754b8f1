/**
 * The self test of next hops that the configuration names: a route to one of our own listeners is a
 * loop, whoever wrote it.
 *
 * The addresses are looked up once a minute at most, and the old ones hold while that takes.
 */
import type { HostPort } from '../mail/endpoint.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';

export interface ConfiguredHostsOptions {
  /** Of a host name; empty where it has none. Rejects where that cannot be told at the moment. */
  readonly resolveHost: (name: string) => Promise<readonly IpAddress[]>;
  /** Whether a connection to there would be one to ourselves. */
  readonly isOwnListener: (address: IpAddress, port: number) => boolean;
  readonly now: () => number;
}

/** `isOurselves`: one of the addresses is. */
export interface ConfiguredHost {
  readonly addresses: readonly IpAddress[];
  readonly isOurselves: boolean;
}

export interface ConfiguredHosts {
  /** Null where its addresses cannot be told at the moment. Does not reject. */
  find(endpoint: HostPort): ConfiguredHost | null | Promise<ConfiguredHost | null>;
}

const freshFor = 60_000;

export function createConfiguredHosts(options: ConfiguredHostsOptions): ConfiguredHosts {
  const { resolveHost, isOwnListener, now } = options;
  const known = new Map<HostPort, { readonly host: ConfiguredHost; until: number }>();
  const open = new Map<HostPort, Promise<ConfiguredHost | null>>();

  function judge(addresses: readonly IpAddress[], port: number): ConfiguredHost {
    return { addresses, isOurselves: addresses.some((address) => isOwnListener(address, port)) };
  }

  async function lookUp(endpoint: HostPort): Promise<ConfiguredHost | null> {
    try {
      const addresses = await resolveHost(endpoint.host);
      if (addresses.length === 0) return null;
      const host = judge(addresses, endpoint.port);
      known.set(endpoint, { host, until: now() + freshFor });
      return host;
    } catch {
      return null;
    } finally {
      open.delete(endpoint);
    }
  }

  function lookUpOnce(endpoint: HostPort): Promise<ConfiguredHost | null> {
    const under = open.get(endpoint) ?? lookUp(endpoint);
    open.set(endpoint, under);
    return under;
  }

  return {
    find(endpoint) {
      const literal = parseIp(endpoint.host);
      if (literal) return judge([literal], endpoint.port);
      const found = known.get(endpoint);
      if (!found) return lookUpOnce(endpoint);
      if (found.until <= now()) {
        found.until = now() + freshFor;
        void lookUpOnce(endpoint);
      }
      return found.host;
    },
  };
}
