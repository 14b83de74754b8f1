/**
 * Builds the connections to other servers: for delivery, and to ask who exists there.
 */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { Config } from '../config/schema.ts';
import { type ConfiguredHosts, createConfiguredHosts } from '../delivery/configured-hosts.ts';
import { type ConnectedTransports, createTransports } from '../delivery/create-transports.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import { errorCode } from '../mail/error-code.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';
import type { Probe } from '../recipients/probe.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import { serverName } from './home.ts';
import { isOwnListener } from './own-listener.ts';
import type { Guard } from './wiring.ts';

export interface Connections extends AsyncDisposable {
  readonly transports: ConnectedTransports;
  readonly hosts: ConfiguredHosts;
  readonly probe: Probe;
}

/** ms for one question to a backend: a client waits for the answer. */
const probeTimeout = 20_000;

/** `bound`: where we listen at the moment. */
export function createConnections(
  config: Config,
  { judge, policy }: Guard,
  bound: () => readonly Endpoint[],
): Connections {
  const name = serverName(config);
  const isOwn = (address: IpAddress) => classifyAddress(address, policy) === 'self';
  const isOurs = (address: IpAddress, port: number) => isOwnListener(address, port, bound(), isOwn);
  const transports = createTransports({
    name,
    judge,
    ownNames: policy.ownNames,
    isOwnListener: isOurs,
    random: Math.random,
    now: () => performance.now(),
    hostName: name,
    processName: `${process.pid}.${randomBytes(6).toString('hex')}`,
    tls: {
      mx: config.delivery.tls,
      backend: config.delivery.backendTls,
      smarthost: config.relay.tls,
    },
    login: loginAtSmarthost(config),
  });
  const hosts = createConfiguredHosts({ resolveHost, isOwnListener: isOurs, now: Date.now });
  return {
    transports,
    hosts,
    probe: transports.probeFrom(hosts, '', probeTimeout),
    [Symbol.asyncDispose]: () => transports.close(),
  };
}

function loginAtSmarthost({ relay }: Config): { user: string; password: string } | null {
  const { user, password } = relay;
  return user === undefined || password === undefined ? null : { user, password };
}

/** As the machine looks names up, its hosts file included: the operator wrote the name. */
async function resolveHost(name: string): Promise<IpAddress[]> {
  try {
    const found = await lookup(name, { all: true });
    return found.flatMap(({ address }) => parseIp(address) ?? []);
  } catch (error) {
    if (errorCode(error) === 'ENOTFOUND') return [];
    throw error;
  }
}
