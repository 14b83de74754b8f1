/**
 * What the operator decided about routes: own identity, vouched networks, named routes, switches.
 */
import type { IpAddress, IpNetwork } from '../mail/ip.ts';

/** What an address means as a target for mail. */
export const addressClasses = [
  'public',
  'self',
  'loopback',
  'unspecified',
  'private',
  'cgnat',
  'linklocal',
  'documentation',
  'reserved',
  'multicast',
] as const;
export type AddressClass = (typeof addressClasses)[number];
export type BogusClass = Exclude<AddressClass, 'public'>;

/** What stands behind a domain as a whole. */
export type RouteKind =
  | 'deliver'
  | 'nullmx'
  | 'blackhole'
  | 'nodomain'
  | 'nomail'
  | 'malformed'
  | 'routed'
  | 'unknown';

/** Kinds for which mail can never be delivered; each has a switch of its own. */
export type DeadKind = 'nullmx' | 'nodomain' | 'nomail' | 'malformed';
export type Switch = 'refuse' | 'accept';

export interface RoutePolicy {
  /** Names of this machine as MX records may spell them; comparable form. */
  readonly ownNames: ReadonlySet<string>;
  /** Addresses of this machine's interfaces, and those the world knows it by behind NAT. */
  readonly ownAddresses: readonly IpAddress[];
  /** Networks the operator vouches for: their addresses count as public, unless they are our own. */
  readonly publicNetworks: readonly IpNetwork[];
  /** NAT64 prefixes besides 64:ff9b::/96: the last 32 bits are an IPv4 address. */
  readonly nat64: readonly IpNetwork[];
  /** Domains the operator routes on purpose; `.example` means all below it. */
  readonly routedDomains: ReadonlySet<string>;
  /**
   * Next hops that take mail for every domain, so that going there is no decision about one: names,
   * `[192.0.2.7]`, or `[127.0.0.1]:2525` for one port only; comparable form.
   */
  readonly smarthosts: ReadonlySet<string>;
  /** When nothing but such addresses stands behind a domain. */
  readonly alone: Readonly<Record<BogusClass | DeadKind, Switch>>;
  /** When such addresses stand beside good ones. */
  readonly mixed: Readonly<Record<BogusClass, Switch>>;
}

const bogus = <T>(value: T): Record<BogusClass, T> => ({
  self: value,
  loopback: value,
  unspecified: value,
  private: value,
  cgnat: value,
  linklocal: value,
  documentation: value,
  reserved: value,
  multicast: value,
});

export const defaultRoutePolicy: RoutePolicy = {
  ownNames: new Set(),
  ownAddresses: [],
  publicNetworks: [],
  nat64: [],
  routedDomains: new Set(),
  smarthosts: new Set(),
  alone: {
    ...bogus('refuse'),
    nullmx: 'refuse',
    nodomain: 'refuse',
    nomail: 'refuse',
    malformed: 'refuse',
  },
  mixed: bogus('accept'),
};
