/**
 * What an IP address means as a target for mail.
 *
 * IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), as of 2026-07-18. The longest
 * match wins. Anycast services and AS112 are reachable, but no mail server lives there: reserved.
 */
import {
  contains,
  type IpAddress,
  type IpNetwork,
  ipFromBytes,
  isSameIp,
  parseNetwork,
} from '../mail/ip.ts';
import type { AddressClass, RoutePolicy } from './route-policy.ts';

export type ClassPolicy = Pick<RoutePolicy, 'ownAddresses' | 'publicNetworks' | 'nat64'>;

interface Block {
  readonly network: IpNetwork;
  readonly addressClass: AddressClass;
}

const blocks: readonly Block[] = (
  [
    ['0.0.0.0/0', 'public'],
    ['0.0.0.0/8', 'reserved'],
    ['0.0.0.0/32', 'unspecified'],
    ['10.0.0.0/8', 'private'],
    ['100.64.0.0/10', 'cgnat'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'linklocal'],
    ['172.16.0.0/12', 'private'],
    ['192.0.0.0/24', 'reserved'],
    ['192.0.2.0/24', 'documentation'],
    ['192.31.196.0/24', 'reserved'],
    ['192.52.193.0/24', 'reserved'],
    ['192.88.99.0/24', 'reserved'],
    ['192.168.0.0/16', 'private'],
    ['192.175.48.0/24', 'reserved'],
    ['198.18.0.0/15', 'reserved'],
    ['198.51.100.0/24', 'documentation'],
    ['203.0.113.0/24', 'documentation'],
    ['224.0.0.0/4', 'multicast'],
    ['240.0.0.0/4', 'reserved'],
    // Only 2000::/3 is given out as global unicast; all else is unallocated or special.
    ['::/0', 'reserved'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['64:ff9b::/96', 'public'],
    ['64:ff9b:1::/48', 'private'],
    ['2000::/3', 'public'],
    ['2001::/23', 'reserved'],
    ['2001:db8::/32', 'documentation'],
    ['2002::/16', 'reserved'],
    ['2620:4f:8000::/48', 'reserved'],
    ['3fff::/20', 'documentation'],
    ['fc00::/7', 'private'],
    ['fe80::/10', 'linklocal'],
    ['fec0::/10', 'private'],
    ['ff00::/8', 'multicast'],
  ] as const
).map(([text, addressClass]) => ({ network: networkOf(text), addressClass }));

/**
 * The class of one address. Addresses hidden in others are unwrapped and judged: a disguise never
 * makes a bad address good, and well-known NAT64 is exactly as good as what it hides.
 */
export function classifyAddress(address: IpAddress, policy: ClassPolicy): AddressClass {
  if (policy.ownAddresses.some((own) => isSameIp(own, address))) return 'self';
  const outer = classifyBare(address, policy);
  for (const inner of unwrap(address, policy.nat64)) {
    const hidden = classifyAddress(inner.address, policy);
    if (hidden !== 'public' || inner.isTransparent) return hidden;
  }
  return outer;
}

function classifyBare(address: IpAddress, policy: ClassPolicy): AddressClass {
  let best: Block | undefined;
  for (const block of blocks)
    if (contains(block.network, address) && (!best || block.network.prefix >= best.network.prefix))
      best = block;
  if (!best) return 'reserved';
  // Vouching for 0.0.0.0/0 must not make loopback public: a vouched network counts from its own length on.
  const isVouched = policy.publicNetworks.some(
    (network) => network.prefix >= best.network.prefix && contains(network, address),
  );
  return isVouched ? 'public' : best.addressClass;
}

interface Inner {
  readonly address: IpAddress;
  /** The outer form says nothing of its own: the class is that of the inner address. */
  readonly isTransparent: boolean;
}

const mapped = networkOf('::ffff:0:0/96');
const translated = networkOf('::ffff:0:0:0/96');
const compatible = networkOf('::/96');
const wellKnownNat64 = networkOf('64:ff9b::/96');
const localNat64 = networkOf('64:ff9b:1::/48');
const sixToFour = networkOf('2002::/16');
const teredo = networkOf('2001::/32');

/**
 * IPv4 addresses hidden in an IPv6 address: mapped and compatible (RFC 4291 §2.5.5), translated
 * (RFC 2765 §2.1), NAT64 (RFC 6052 §2.2, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380 §4),
 * ISATAP (RFC 5214 §6.1).
 */
function unwrap(address: IpAddress, nat64: readonly IpNetwork[]): Inner[] {
  const { bytes } = address;
  if (bytes.length === 4) return [];
  const at = (offset: number): IpAddress => ipFromBytes(bytes.slice(offset, offset + 4));
  const inners: Inner[] = [];
  const add = (inner: IpAddress, isTransparent: boolean) =>
    inners.push({ address: inner, isTransparent });

  for (const network of nat64)
    if (contains(network, address)) add(embedded(bytes, network.prefix), true);
  if ([mapped, translated, wellKnownNat64].some((network) => contains(network, address)))
    add(at(12), true);
  // :: and ::1 are addresses of their own.
  else if (contains(compatible, address) && bytes.subarray(12, 15).some((byte) => byte !== 0))
    add(at(12), false);
  else if (contains(localNat64, address)) {
    // The operator of the translator chooses the length, and what it leaves is zero.
    for (const prefix of [48, 96]) {
      const inner = embedded(bytes, prefix);
      if (inner.bytes.some((byte) => byte !== 0)) add(inner, false);
    }
  } else if (contains(sixToFour, address)) add(at(2), false);
  else if (contains(teredo, address))
    add(ipFromBytes(bytes.slice(12).map((byte) => byte ^ 0xff)), false);
  else if (isIsatap(bytes)) add(at(12), false);
  return inners;
}

/** RFC 6052 §2.2: the IPv4 address follows the prefix and leaves out byte 8. */
function embedded(bytes: Uint8Array, prefix: number): IpAddress {
  const inner: number[] = [];
  for (let i = prefix >> 3; inner.length < 4; i++) if (i !== 8) inner.push(bytes[i] ?? 0);
  return ipFromBytes(Uint8Array.from(inner));
}

function isIsatap(bytes: Uint8Array): boolean {
  const universal = (bytes[8] ?? 0) & ~0x02;
  return universal === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}

function networkOf(text: string): IpNetwork {
  const network = parseNetwork(text);
  if (!network) throw new TypeError(`${text} is no network`);
  return network;
}
