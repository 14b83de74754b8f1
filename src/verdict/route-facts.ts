/**
 * What DNS says of a domain, as plain data: gathered by dns/, judged by route.ts.
 */
import type { IpAddress } from '../mail/ip.ts';

/** Why a look-up gave no answer that can be relied on: `SERVFAIL from 192.0.2.53`, `timeout`. */
export interface LookupFailure {
  readonly kind: 'failed';
  readonly detail: string;
}

/** Addresses of one name, both families taken together. */
export interface HostFacts {
  /** In the order DNS gave them; what is known even if the other family failed. */
  readonly addresses: readonly IpAddress[];
  /** Where the name is an alias, the name it stands for in the end. */
  readonly alias: string | null;
  /** Set if one family or both could not be asked: an address may be hidden. */
  readonly failure: LookupFailure | null;
  /** The list was longer than the cap. */
  readonly truncated: boolean;
}

export interface MxFacts {
  readonly preference: number;
  /** As in the record, in lower case without the final dot; `` is the root, a null MX. */
  readonly name: string;
  /** Null where the name was not looked up, being the root, no host name, or localhost. */
  readonly host: HostFacts | null;
}

export type DomainFacts =
  | { readonly kind: 'nxdomain' }
  | LookupFailure
  /** MX records exist; sorted by preference, best first. */
  | { readonly kind: 'mx'; readonly mx: readonly MxFacts[]; readonly truncated: boolean }
  /** The domain exists and has no MX: its own addresses count (RFC 5321 §5.1). */
  | { readonly kind: 'implicit'; readonly host: HostFacts }
  /** An address literal, which needs no DNS. */
  | { readonly kind: 'literal'; readonly address: IpAddress }
  /** Not asked: the name means the asking machine (RFC 6761 §6.3). */
  | { readonly kind: 'localhost' };

export interface RouteFacts {
  /** A-label without final dot, or `[address]`. */
  readonly domain: string;
  readonly found: DomainFacts;
  /** Names that the hosts file of this machine maps otherwise than DNS; told, never judged. */
  readonly hostsFile: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}
