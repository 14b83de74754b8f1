/**
 * What a look-up found, as a value, and how it is read out of an answer.
 *
 * RFC 1034 §3.6.2 (aliases), RFC 2308 §2 and §5 (negative answers and how long they hold).
 */
import { type DnsRecord, type Packet, type RecordData, typeNumbers } from './packet.ts';
import type { LookupType } from './query.ts';

/** `until`: ms on the resolver's clock, when the knowledge ends. */
export type Lookup =
  /** At least one record, all of the type that was asked for, in the order of the answer. */
  | {
      readonly kind: 'found';
      readonly records: readonly RecordData[];
      /** What the name is an alias of, in the end; null where it is none. */
      readonly alias: string | null;
      readonly until: number;
    }
  /** The name exists, without such a record. */
  | { readonly kind: 'nodata'; readonly alias: string | null; readonly until: number }
  | { readonly kind: 'nxdomain'; readonly alias: string | null; readonly until: number }
  /** Nothing is known; `detail` says why, for the admin. */
  | { readonly kind: 'failed'; readonly detail: string; readonly until: number };

export type Reading =
  | {
      readonly kind: 'found' | 'nodata' | 'nxdomain';
      readonly records: readonly RecordData[];
      readonly alias: string | null;
      /** Seconds; null where a negative answer does not say. */
      readonly ttl: number | null;
    }
  /** The server gave an alias and left its end open: `alias` is to be asked for next. */
  | { readonly kind: 'unfinished'; readonly alias: string; readonly ttl: number }
  /** Not to be relied on; the problem completes the sentence "192.0.2.53 ...". */
  | { readonly kind: 'useless'; readonly problem: string };

export const aliasLimit = 16;
const nsType = 2;
const nameError = 3;

/** `name` in comparable form. Records of any other owner are ignored. */
export function readLookup(packet: Packet, name: string, type: LookupType): Reading {
  const { answers } = packet;
  const wanted = typeNumbers[type];
  let owner = name;
  let ttl = Number.POSITIVE_INFINITY;
  for (let aliases = 0; aliases <= aliasLimit; aliases++) {
    const alias = owner === name ? null : owner;
    const own = answers.filter((record) => record.owner === owner && record.type === wanted);
    if (own.length > 0) {
      const records = own.flatMap(({ data }) => data ?? []);
      return { kind: 'found', records, alias, ttl: Math.min(ttl, ...own.map((one) => one.ttl)) };
    }
    const link = answers.find((record) => record.owner === owner && record.data?.type === 'CNAME');
    if (link?.data?.type !== 'CNAME') return readNegative(packet, owner, alias, ttl);
    ttl = Math.min(ttl, link.ttl);
    owner = link.data.name;
  }
  return { kind: 'useless', problem: 'says that the name is an alias of an alias without end' };
}

/** `end` is the last name of a chain of aliases, which holds for `chainTtl` seconds. */
function readNegative(
  packet: Packet,
  end: string,
  alias: string | null,
  chainTtl: number,
): Reading {
  const { answers, authorities } = packet;
  const soa = authorities.find(({ owner, data }) => data?.type === 'SOA' && isWithin(end, owner));
  const ttl = soa ? Math.min(chainTtl, negativeTtl(soa)) : null;
  if (packet.rcode === nameError) return { kind: 'nxdomain', records: [], alias, ttl };
  if (soa) return { kind: 'nodata', records: [], alias, ttl };
  if (alias !== null) return { kind: 'unfinished', alias, ttl: chainTtl };
  if (answers.length > 0)
    return { kind: 'useless', problem: 'answered with records of another name' };
  if (!packet.isRecursive && authorities.some(({ type }) => type === nsType))
    return { kind: 'useless', problem: 'only refers to other servers and does not ask them' };
  return { kind: 'nodata', records: [], alias, ttl };
}

function negativeTtl({ ttl, data }: DnsRecord): number {
  return data?.type === 'SOA' ? Math.min(ttl, data.minimum) : ttl;
}

function isWithin(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}
