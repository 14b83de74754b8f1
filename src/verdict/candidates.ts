/**
 * One MX record at a time: what its name and its addresses are worth as a target.
 */
import { isLocalhost, normalizeDomain } from '../mail/domain.ts';
import type { IpAddress } from '../mail/ip.ts';
import { classifyAddress } from './address-class.ts';
import { type Reason, reasonWords } from './reasons.ts';
import type { HostFacts, MxFacts } from './route-facts.ts';
import type { AddressClass, BogusClass, RoutePolicy } from './route-policy.ts';

export interface JudgedAddress {
  readonly address: IpAddress;
  readonly class: AddressClass;
}

export interface JudgedMx {
  readonly preference: number;
  readonly name: string;
  readonly addresses: readonly JudgedAddress[];
}

export interface Bogus {
  readonly class: BogusClass;
  readonly reason: Reason;
}

export interface Candidate extends JudgedMx {
  /** What is wrong with its name or with its addresses: each class once, ourselves first. */
  readonly bogus: readonly Bogus[];
  /** The target is no host name, so nothing is ever connected to. */
  readonly isMalformed: boolean;
  /** An address may be hidden by a failed look-up, told here. */
  readonly uncertainty: string | null;
  readonly alias: string | null;
}

export function mxCandidate(mx: MxFacts, policy: RoutePolicy): Candidate {
  const name = normalizeDomain(mx.name);
  const bare = {
    ...mx,
    addresses: [],
    bogus: [],
    isMalformed: false,
    uncertainty: null,
    alias: null,
  };
  if (name !== null && policy.ownNames.has(name))
    return { ...bare, bogus: [{ class: 'self', reason: 'own-name' }] } satisfies Candidate;
  if (isLocalhost(mx.name))
    return { ...bare, bogus: [{ class: 'loopback', reason: 'localhost' }] } satisfies Candidate;
  if (name === null || !mx.host) return { ...bare, isMalformed: true };
  return hostCandidate(mx.preference, mx.name, mx.host, policy);
}

export function hostCandidate(
  preference: number,
  name: string,
  host: HostFacts,
  policy: RoutePolicy,
): Candidate {
  const addresses = host.addresses.map((address) => ({
    address,
    class: classifyAddress(address, policy),
  }));
  return {
    preference,
    name,
    addresses,
    bogus: bogusOf(addresses),
    isMalformed: false,
    uncertainty: host.failure?.detail ?? null,
    alias: host.alias,
  };
}

/** Being ourselves decides over worse preferences; and no class may hide a stricter one behind it. */
function bogusOf(addresses: readonly JudgedAddress[]): Bogus[] {
  const classes = new Set(addresses.map((judged) => judged.class));
  const found: Bogus[] = classes.has('self') ? [{ class: 'self', reason: 'self' }] : [];
  for (const one of classes)
    if (one !== 'public' && one !== 'self') found.push({ class: one, reason: one });
  return found;
}

/** `MX 10 mail.example.org: 192.0.2.1 (documentation)` */
export function describeCandidate(candidate: Candidate): string {
  const { preference, name, alias, addresses, bogus, isMalformed, uncertainty } = candidate;
  const parts = addresses.map((judged) => `${judged.address.text} (${judged.class})`);
  if (alias !== null) parts.unshift(`an alias, which an MX must not be, of ${alias}`);
  if (isMalformed) parts.push('no host name, never connected to');
  if (uncertainty !== null) parts.push(uncertainty);
  if (parts.length === 0) parts.push(bogus[0] ? reasonWords[bogus[0].reason] : 'no address');
  return `MX ${preference} ${name}: ${parts.join(', ')}`;
}
