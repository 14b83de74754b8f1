/**
 * Asks DNS: cached, once however many ask, several servers, and an end to every wait.
 *
 * Names are absolute: no search list. Trouble is a value; a look-up never rejects.
 */
import { isLocalhost, normalizeDomain } from '../mail/domain.ts';
import { createCache } from './cache.ts';
import { aliasLimit, type Lookup, type Reading } from './lookup.ts';
import { isShownName } from './name.ts';
import type { RecordData } from './packet.ts';
import type { LookupType } from './query.ts';
import type { DnsServerAddress } from './server-address.ts';
import { createServers } from './servers.ts';

export interface ResolverOptions {
  readonly servers: readonly DnsServerAddress[];
  /** ms until the next server is asked; doubled with each round. Default 1500. */
  readonly tryTimeout?: number;
  /** ms for a whole look-up. Default 5000. */
  readonly deadline?: number;
  /** Look-ups under way at once; more of them fail at once. Default 1000. */
  readonly maxInFlight?: number;
  /** Answers that are remembered. Default 100,000; a large answer counts as several. */
  readonly capacity?: number;
  /** Bounds in seconds on what DNS says. */
  readonly ttl?: Partial<TtlBounds>;
  /** ms; never runs backwards. Default Date.now. */
  readonly now?: () => number;
}

export interface TtlBounds {
  /** Default 10. */
  readonly min: number;
  /** Default 3600: routes change, and a wrong one must not last a day. */
  readonly max: number;
  /** For names and types that do not exist (RFC 2308 §5 wants 1 to 3 hours at most). Default 900. */
  readonly maxNegative: number;
  /** For failures (RFC 2308 §7 allows 5 minutes). Default 5. */
  readonly failure: number;
}

export interface Resolver extends AsyncDisposable {
  /** `name` in any letter case, a final dot is of no account; or as name.ts shows other bytes. */
  lookup(name: string, type: LookupType): Promise<Lookup>;
  /** What is remembered, at once; `name` in comparable form (mail/domain.ts). */
  peek(name: string, type: LookupType): Lookup | null;
  /** The clock of `Lookup.until`. */
  now(): number;
  readonly inFlight: number;
  readonly cacheSize: number;
  /** Ends what is under way, as failed; later look-ups fail at once. */
  close(): Promise<void>;
}

const defaultTtl: TtlBounds = { min: 10, max: 3600, maxNegative: 900, failure: 5 };

export function createResolver(options: ResolverOptions): Resolver {
  const { deadline = 5000, maxInFlight = 1000, capacity = 100_000, now = Date.now } = options;
  const bounds = { ...defaultTtl, ...options.ttl };
  const servers = createServers(options.servers, options.tryTimeout ?? 1500);
  const cache = createCache(capacity, weigh);
  const open = new Map<string, Promise<Lookup>>();
  let isClosed = false;

  function lookup(text: string, type: LookupType): Promise<Lookup> {
    const name = normalizeDomain(text) ?? (isShownName(text) ? text : null);
    if (name === null) return Promise.resolve(failure('not a name that DNS could know', 0));
    const key = keyOf(name, type);
    const known = cache.get(key, now());
    if (known) return Promise.resolve(known);
    const asked = open.get(key);
    if (asked) return asked;
    if (isClosed) return Promise.resolve(failure('the resolver is closed', 0));
    if (open.size >= maxInFlight)
      return Promise.resolve(failure(`${maxInFlight} DNS look-ups are under way already`, 0));
    const looked = ask(key, name, type);
    open.set(key, looked);
    return looked;
  }

  async function ask(key: string, name: string, type: LookupType): Promise<Lookup> {
    try {
      const found = await follow(name, type);
      if (!isClosed) cache.set(key, found);
      return found;
    } finally {
      open.delete(key);
    }
  }

  /** Asks on where a server leaves the end of an alias open. */
  async function follow(name: string, type: LookupType): Promise<Lookup> {
    const end = performance.now() + deadline;
    let asked = name;
    let chainTtl = Number.POSITIVE_INFINITY;
    for (let aliases = 0; aliases < aliasLimit; aliases++) {
      const reading = await servers.ask(asked, type, end);
      if (reading.kind === 'failed') return failure(reading.detail, bounds.failure);
      if (reading.kind !== 'unfinished')
        return keep(
          { ...reading, alias: reading.alias ?? (asked === name ? null : asked) },
          chainTtl,
        );
      chainTtl = Math.min(chainTtl, reading.ttl);
      asked = reading.alias;
      // What no server can know has no records.
      if (isLocalhost(asked) || normalizeDomain(asked) !== asked)
        return keep({ kind: 'nodata', records: [], alias: asked, ttl: null }, chainTtl);
    }
    return failure(`${name} is an alias of an alias without end`, bounds.failure);
  }

  function keep(
    reading: Extract<Reading, { kind: 'found' | 'nodata' | 'nxdomain' }>,
    chainTtl: number,
  ): Lookup {
    const { kind, records, alias } = reading;
    const max = kind === 'found' ? bounds.max : bounds.maxNegative;
    const seconds = Math.min(reading.ttl ?? bounds.min, chainTtl, max);
    const until = now() + Math.max(seconds, bounds.min) * 1000;
    return kind === 'found' ? { kind, records, alias, until } : { kind, alias, until };
  }

  function failure(detail: string, seconds: number): Lookup {
    return { kind: 'failed', detail, until: now() + seconds * 1000 };
  }

  async function close(): Promise<void> {
    isClosed = true;
    servers.cancelAll();
    await Promise.all(open.values());
  }

  return {
    lookup,
    peek: (name, type) => cache.get(keyOf(name, type), now()) ?? null,
    now,
    get inFlight() {
      return open.size;
    },
    get cacheSize() {
      return cache.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function keyOf(name: string, type: LookupType): string {
  return `${type} ${name}`;
}

/** An ordinary answer is a few short records; hostile ones must not be remembered for the same price. */
function weigh(lookup: Lookup): number {
  if (lookup.kind !== 'found') return 1;
  let bytes = 0;
  for (const record of lookup.records) bytes += 64 + lengthOf(record);
  return 1 + Math.floor(bytes / 512);
}

function lengthOf(record: RecordData): number {
  switch (record.type) {
    case 'TXT':
      return record.text.length;
    case 'MX':
    case 'PTR':
    case 'CNAME':
      return record.name.length;
    default:
      return 0;
  }
}
