/**
 * Gathers what DNS says of one domain as a place for mail. Judges nothing.
 *
 * RFC 5321 §5.1 (MX, implicit MX), RFC 6761 §6.3 (localhost is never asked for).
 */
import { type Domain, formatDomain } from '../mail/address.ts';
import { isLocalhost, normalizeDomain } from '../mail/domain.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';
import type { DomainFacts, HostFacts, MxFacts, RouteFacts } from '../verdict/route-facts.ts';
import type { Hosts } from './hosts.ts';
import type { Lookup } from './lookup.ts';
import { showName } from './name.ts';
import type { LookupType } from './query.ts';
import type { Resolver } from './resolver.ts';

export interface GatherOptions {
  /** Of this machine; default none. */
  readonly hosts?: Hosts;
  /** Most MX that are looked up, best preferences first; default 64. */
  readonly maxMx?: number;
  /** Most addresses of one host; default 64. */
  readonly maxAddresses?: number;
  /** Hosts that are looked up at once; default 8. */
  readonly concurrency?: number;
  /** ms for all of it; what is not known by then has failed. Default 10,000. */
  readonly deadline?: number;
}

export interface Gathered {
  readonly facts: RouteFacts;
  /** ms until the first of the facts is outdated; 0 where they should not be kept. */
  readonly ttl: number;
}

/** For what needs no DNS: neither a literal nor localhost ever changes, ms. */
const fixedTtl = 3_600_000;
/** After the deadline of the whole, ms. */
const lateTtl = 5_000;

/** Never rejects: DNS trouble is among the facts. */
export async function gatherRouteFacts(
  resolver: Pick<Resolver, 'lookup' | 'peek' | 'now'>,
  domain: Domain,
  options: GatherOptions = {},
): Promise<Gathered> {
  const name = formatDomain(domain);
  if (domain.kind === 'literal') return fixed(name, { kind: 'literal', address: domain.address });
  if (isLocalhost(name)) return fixed(name, { kind: 'localhost' });

  const asker = createAsker(resolver, options.deadline ?? 10_000);
  try {
    const found =
      (domain.raw === undefined ? null : await gatherRaw(asker, domain.raw, options)) ??
      (await gatherDomain(asker, name, options));
    const hostsFile = compareHosts(name, found, options.hosts ?? new Map());
    const ttl = Math.max(0, asker.until() - resolver.now());
    return { facts: { domain: name, found, hostsFile }, ttl };
  } finally {
    asker.done();
  }
}

function fixed(domain: string, found: DomainFacts): Gathered {
  return { facts: { domain, found, hostsFile: [] }, ttl: fixedTtl };
}

interface Asker {
  ask(name: string, type: LookupType): Promise<Lookup> | Lookup;
  /** When the first of all answers ends, on the resolver's clock. */
  until(): number;
  done(): void;
}

/** Asks under one deadline. A look-up that is late goes on in the background, for the cache. */
function createAsker(resolver: Pick<Resolver, 'lookup' | 'peek' | 'now'>, deadline: number): Asker {
  let until = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let late: Promise<Lookup> | undefined;
  const note = (lookup: Lookup) => {
    until = Math.min(until, lookup.until);
    return lookup;
  };
  const startClock = () => {
    const { promise, resolve } = Promise.withResolvers<Lookup>();
    const detail = `DNS was not done with the whole domain within ${deadline / 1000} s`;
    timer = setTimeout(
      () => resolve({ kind: 'failed', detail, until: resolver.now() + lateTtl }),
      deadline,
    );
    return promise;
  };
  return {
    ask(name, type) {
      const known = resolver.peek(name, type);
      if (known) return note(known);
      late ??= startClock();
      return Promise.race([resolver.lookup(name, type), late]).then(note);
    },
    until: () => until,
    done: () => clearTimeout(timer),
  };
}

/**
 * What stands under the bytes of a name itself. A sendmail without EAI asks for these, and in a zone
 * they may lead elsewhere than the A-label. Null where nothing does, as for all honest names.
 */
async function gatherRaw(
  asker: Asker,
  raw: string,
  options: GatherOptions,
): Promise<DomainFacts | null> {
  const found = await gatherDomain(asker, showName(raw), options);
  if (found.kind === 'mx') return found;
  return found.kind === 'implicit' && found.host.addresses.length > 0 ? found : null;
}

async function gatherDomain(
  asker: Asker,
  name: string,
  options: GatherOptions,
): Promise<DomainFacts> {
  const { maxMx = 64, maxAddresses = 64, concurrency = 8 } = options;
  const lookup = await asker.ask(name, 'MX');
  switch (lookup.kind) {
    case 'nxdomain':
      return { kind: 'nxdomain' };
    case 'failed':
      return { kind: 'failed', detail: lookup.detail };
    case 'nodata':
      return { kind: 'implicit', host: await gatherHost(asker, name, maxAddresses) };
    case 'found': {
      const records = lookup.records.flatMap((record) => (record.type === 'MX' ? record : []));
      const best = records.toSorted((a, b) => a.preference - b.preference).slice(0, maxMx);
      const names = [...new Set(best.map((mx) => mx.name))].filter(isHostName);
      const hosts = await mapSome(names, concurrency, (host) =>
        gatherHost(asker, host, maxAddresses),
      );
      const mx = best.map(
        (record): MxFacts => ({
          preference: record.preference,
          name: record.name,
          host: hosts.get(record.name) ?? null,
        }),
      );
      return { kind: 'mx', mx, truncated: records.length > best.length };
    }
  }
}

/** Only such names are worth a question: not the root, localhost, an address in text, wild bytes. */
function isHostName(name: string): boolean {
  return normalizeDomain(name) === name && !isLocalhost(name);
}

async function gatherHost(asker: Asker, name: string, maxAddresses: number): Promise<HostFacts> {
  const asked = [asker.ask(name, 'A'), asker.ask(name, 'AAAA')] as const;
  const a = asked[0] instanceof Promise ? await asked[0] : asked[0];
  const aaaa = asked[1] instanceof Promise ? await asked[1] : asked[1];
  const all = [...addressesOf(a), ...addressesOf(aaaa)];
  return {
    addresses: all.slice(0, maxAddresses),
    alias: aliasOf(a) ?? aliasOf(aaaa),
    failure: failureOf(a, aaaa),
    truncated: all.length > maxAddresses,
  };
}

/** Of answers that are remembered: the domains of one provider share its addresses. */
const parsed = new WeakMap<Lookup, readonly IpAddress[]>();

function addressesOf(lookup: Lookup): readonly IpAddress[] {
  if (lookup.kind !== 'found') return [];
  const known = parsed.get(lookup);
  if (known) return known;
  const addresses = lookup.records.flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? (parseIp(record.address) ?? []) : [],
  );
  parsed.set(lookup, addresses);
  return addresses;
}

function aliasOf(lookup: Lookup): string | null {
  return lookup.kind === 'failed' ? null : lookup.alias;
}

/** "No such name" for one family says nothing of the other: some servers say it wrongly (RFC 4074 §4.2). */
function failureOf(a: Lookup, aaaa: Lookup): HostFacts['failure'] {
  const details = [
    a.kind === 'failed' ? `IPv4 address: ${a.detail}` : '',
    aaaa.kind === 'failed' ? `IPv6 address: ${aaaa.detail}` : '',
  ].filter((detail) => detail !== '');
  return details.length > 0 ? { kind: 'failed', detail: details.join('; ') } : null;
}

/** Runs `gather` over the names, a few at a time. */
async function mapSome<T>(
  names: readonly string[],
  concurrency: number,
  gather: (name: string) => Promise<T>,
): Promise<Map<string, T>> {
  const done = new Map<string, T>();
  const waiting = names.values();
  const work = async () => {
    for (const name of waiting) done.set(name, await gather(name));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, names.length) }, work));
  return done;
}

/** What the hosts file says of the names whose addresses count, where DNS does not say the same. */
function compareHosts(name: string, found: DomainFacts, hosts: Hosts): RouteFacts['hostsFile'] {
  if (hosts.size === 0) return [];
  return namesThatCount(name, found).flatMap(([host, known]) => {
    const addresses = hosts.get(host);
    if (!addresses) return [];
    const isKnown = (address: string) => known.some(({ text }) => text === address);
    return addresses.every(isKnown) ? [] : { name: host, addresses };
  });
}

function namesThatCount(
  name: string,
  found: DomainFacts,
): (readonly [host: string, addresses: readonly IpAddress[]])[] {
  switch (found.kind) {
    case 'mx': {
      const named = new Map(found.mx.map((mx) => [mx.name, mx.host?.addresses ?? []]));
      return [...named].filter(([host]) => isHostName(host));
    }
    case 'implicit':
      return [[name, found.host.addresses]];
    case 'nxdomain':
    case 'failed':
      return [[name, []]];
    case 'literal':
    case 'localhost':
      return [];
  }
}
