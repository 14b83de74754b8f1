/**
 * Whom a replay may be played against: only the machine it runs on, or a laboratory beside it.
 *
 * A replay is a flood of spam with a forged sender. It goes nowhere but to loopback, to an address of one
 * of this machine's interfaces, or to an address of the documentation blocks inside a network that an
 * interface of this machine is attached to: a network namespace or virtual machine that somebody set up
 * by hand. Those blocks are never routed on the internet (RFC 5737, RFC 3849, RFC 9637), so that such an
 * address cannot be a stranger's, and being attached rules out that a gateway takes it along.
 * The block for benchmarks, 198.18.0.0/15, is not among them: VPN programs hand out its addresses as
 * stand-ins for real hosts.
 */
import { lookup } from 'node:dns/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  isLoopback,
  isSameIp,
  parseIp,
  parseNetwork,
  unmapped,
} from '../mail/ip.ts';

/** As os.networkInterfaces() gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export type TargetCheck =
  /** Connect to exactly this address. */
  | { readonly kind: 'own'; readonly address: string; readonly port: number; readonly where: Where }
  | { readonly kind: 'refused'; readonly problem: string };

/** Whether the target shares our network namespace. */
export type Where = 'here' | 'beside';

const networks = (texts: readonly string[]): IpNetwork[] =>
  texts.map((text) => parseNetwork(text)).filter((network) => network !== null);

const laboratory = networks([
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001:db8::/32',
  '3fff::/20',
]);

/** Null where no replay may be played against the address. */
function judgeTarget(address: IpAddress, interfaces: Interfaces): Where | null {
  if (isLoopback(address)) return 'here';
  const attached = Object.values(interfaces).flatMap((infos) => infos ?? []);
  const own = attached.map((info) => parseIp(info.address)).filter((ip) => ip !== null);
  if (own.some((ip) => isSameIp(ip, address))) return 'here';
  if (!laboratory.some((network) => contains(network, address))) return null;
  const isAttached = networks(attached.map((info) => info.cidr ?? '')).some((network) =>
    contains(network, address),
  );
  return isAttached ? 'beside' : null;
}

/** Resolves the host; every address that it has must be allowed. */
export async function checkTarget(
  host: string,
  port: number,
  interfaces: Interfaces = networkInterfaces(),
  resolve: (host: string) => Promise<readonly string[]> = resolveHost,
): Promise<TargetCheck> {
  if (port === 0) return { kind: 'refused', problem: 'port 0 is no port to connect to' };
  let found: readonly string[];
  try {
    found = parseIp(host) ? [host] : await resolve(host);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'refused', problem: `${host} has no address: ${why}` };
  }
  let first: { address: string; where: Where } | null = null;
  for (const text of found) {
    const parsed = parseIp(text);
    const address = parsed && unmapped(parsed);
    const where = address && judgeTarget(address, interfaces);
    if (!where)
      return {
        kind: 'refused',
        problem: `${text} is not an address of this machine, nor of a documentation network that it is attached to`,
      };
    first ??= { address: address.text, where };
  }
  if (!first) return { kind: 'refused', problem: `${host} has no address` };
  return { kind: 'own', port, ...first };
}

async function resolveHost(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
