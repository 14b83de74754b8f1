/**
 * Zone data of the small DNS server, as plain data, and what it answers to a question.
 *
 * RFC 1034 §4.3.2 (the algorithm), §4.3.3 (wildcards), RFC 2308 (negative answers),
 * RFC 6604 (the code of an alias's end), RFC 8020 (a name above others exists).
 */
import type { Answer, RecordType } from 'dns-packet';
import { parseIp } from '../mail/ip.ts';

/** A trick that the server plays; all but `delay` are told by their names. */
export type Trick =
  | 'servfail'
  | 'refused'
  | 'notimp'
  /** Never answers. */
  | 'timeout'
  /** Over UDP only says that TCP must be used. */
  | 'truncate'
  /** A forged answer with the wrong id, question or letter case comes before the right one. */
  | 'wrong-id'
  | 'wrong-question'
  | 'wrong-case'
  /** Instead of the right answer: one that ends in the middle. */
  | 'malformed'
  /** The question comes back in lower case, as some old servers do. */
  | 'lower-case'
  /** FORMERR for a query with EDNS. */
  | 'no-edns'
  /** The records belong to a name that nobody asked for. */
  | 'other-owner'
  /** Of a chain of aliases only the first is told. */
  | 'bare-alias'
  /** Over TCP: the connection is closed without an answer. */
  | 'tcp-close'
  /** Milliseconds before the answer. */
  | { readonly delay: number };

export type Tricks = Trick | readonly Trick[];

/** All records of one name. */
export interface NameRecords {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly MX?: readonly (readonly [preference: number, exchange: string])[];
  readonly CNAME?: string;
  readonly TXT?: readonly string[];
  readonly PTR?: string;
  readonly NS?: readonly string[];
  /** Any type by its number with the data in hex, in the manner of RFC 3597: `TYPE15: ['000a00']`. */
  readonly [type: `TYPE${number}`]: readonly string[];
  /** Seconds; the server's own if absent. */
  readonly ttl?: number;
  /** For all types, or `{ AAAA: 'servfail' }` for one of them. */
  readonly trick?: Tricks | Readonly<Partial<Record<RecordType, Tricks>>>;
}

/**
 * Name -> its records. `*.example` answers for every name below `example` that is not listed, `*` for
 * all; an IP address as a name means its name below in-addr.arpa or ip6.arpa.
 */
export type ZoneData = Readonly<Record<string, NameRecords>>;

export interface Found {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: Answer[];
  /** The SOA of a negative answer. */
  readonly authorities: Answer[];
  readonly tricks: readonly Trick[];
}

export interface Zone {
  /** `name` in any letter case, without the final dot ('' or '.' for the root). */
  find(name: string, type: string): Found;
}

const aliasLimit = 16;

/** Throws TypeError where the data cannot be served: a wrong address, a name that fits no message. */
export function buildZone(data: ZoneData, ttl: number, negativeTtl: number): Zone {
  const names = new Map<string, NameRecords>();
  const parents = new Set<string>();
  for (const [given, records] of Object.entries(data)) {
    const name = ownerName(given);
    check(name, records);
    names.set(name, records);
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
      parents.add(name.slice(dot + 1));
  }

  const lookUp = (name: string): NameRecords | null => {
    const exact = names.get(name);
    if (exact) return exact;
    if (parents.has(name)) return {};
    for (let rest = name; rest !== ''; ) {
      const dot = rest.indexOf('.');
      rest = dot < 0 ? '' : rest.slice(dot + 1);
      const wildcard = names.get(rest === '' ? '*' : `*.${rest}`);
      if (wildcard) return wildcard;
      // The closest name that exists ends the search (RFC 4592 §3.3.1).
      if (names.has(rest) || (parents.has(rest) && rest !== '')) return null;
    }
    return null;
  };

  return {
    find(asked, type) {
      const answers: Answer[] = [];
      const tricks = tricksOf(lookUp(asciiLower(asked)), type);
      let name = asked;
      let records: NameRecords | null = null;
      for (let i = 0; i < aliasLimit; i++) {
        records = lookUp(asciiLower(name));
        if (records?.CNAME === undefined || type === 'CNAME' || type === 'ANY') break;
        answers.push({ name, type: 'CNAME', ttl: records.ttl ?? ttl, data: records.CNAME });
        name = records.CNAME.replace(/\.$/, '');
      }
      const own = records ? recordsOf(name, records, type, ttl) : [];
      answers.push(...own);
      const isMissing = records === null;
      const authorities = own.length === 0 ? [soa(name, negativeTtl)] : [];
      return { rcode: isMissing ? 'NXDOMAIN' : 'NOERROR', answers, authorities, tricks };
    },
  };
}

function ownerName(given: string): string {
  const address = parseIp(given);
  if (address) return reverseName(address.bytes);
  return asciiLower(given.replace(/\.$/, ''));
}

/** `1.2.0.192.in-addr.arpa` (RFC 1035 §3.5, RFC 3596 §2.5). */
function reverseName(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${[...bytes].reverse().join('.')}.in-addr.arpa`;
  const digits = [...Buffer.from(bytes).toString('hex')];
  return `${digits.reverse().join('.')}.ip6.arpa`;
}

function check(name: string, records: NameRecords): void {
  const wrong = (what: string) => new TypeError(`Zone data of '${name}': ${what}`);
  const names = [name, ...(records.NS ?? []), ...(records.MX ?? []).map(([, host]) => host)];
  if (records.CNAME !== undefined) names.push(records.CNAME);
  if (records.PTR !== undefined) names.push(records.PTR);
  for (const one of names) if (!fits(one)) throw wrong(`'${one}' fits no DNS message`);
  for (const text of records.A ?? [])
    if (parseIp(text)?.bytes.length !== 4) throw wrong(`'${text}' is no IPv4 address`);
  for (const text of records.AAAA ?? [])
    if (parseIp(text)?.bytes.length !== 16) throw wrong(`'${text}' is no IPv6 address`);
}

/** RFC 1035 §2.3.4: no empty label, 63 bytes a label, 255 in all. */
function fits(name: string): boolean {
  const bare = name.replace(/\.$/, '');
  if (bare === '') return true;
  if (Buffer.byteLength(bare) > 253) return false;
  return bare.split('.').every((label) => label !== '' && Buffer.byteLength(label) <= 63);
}

function recordsOf(
  name: string,
  records: NameRecords,
  asked: string,
  defaultTtl: number,
): Answer[] {
  const ttl = records.ttl ?? defaultTtl;
  const all: Answer[] = [];
  for (const data of records.A ?? []) all.push({ name, type: 'A', ttl, data });
  for (const data of records.AAAA ?? []) all.push({ name, type: 'AAAA', ttl, data });
  for (const [preference, exchange] of records.MX ?? [])
    all.push({ name, type: 'MX', ttl, data: { preference, exchange } });
  if (records.CNAME !== undefined) all.push({ name, type: 'CNAME', ttl, data: records.CNAME });
  for (const text of records.TXT ?? [])
    all.push({ name, type: 'TXT', ttl, data: characterStrings(text) });
  if (records.PTR !== undefined) all.push({ name, type: 'PTR', ttl, data: records.PTR });
  for (const data of records.NS ?? []) all.push({ name, type: 'NS', ttl, data });
  const found = asked === 'ANY' ? all : all.filter((record) => record.type === asked);
  return [...found, ...rawRecords(name, records, asked, ttl)];
}

const typeNumbers = new Map([
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['PTR', 12],
  ['MX', 15],
  ['TXT', 16],
  ['AAAA', 28],
]);

function rawRecords(name: string, records: NameRecords, asked: string, ttl: number): Answer[] {
  const number = typeNumbers.get(asked);
  const texts = number === undefined ? undefined : records[`TYPE${number}`];
  if (!texts) return [];
  // The codec writes a type that it knows by number alone from bytes as they are.
  const type = `UNKNOWN_${number}` as string as 'NULL';
  return texts.map((hex) => ({ name, type, ttl, data: Buffer.from(hex, 'hex') }));
}

/** RFC 1035 §3.3.14: a text is cut into strings of at most 255 bytes. */
function characterStrings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const strings = [bytes.subarray(0, 255)];
  for (let at = 255; at < bytes.length; at += 255) strings.push(bytes.subarray(at, at + 255));
  return strings;
}

/** RFC 2308 §3: the smaller of TTL and MINIMUM is how long the answer may be kept. */
function soa(name: string, ttl: number): Answer {
  const zone = name.replace(/\.$/, '').split('.').at(-1) ?? '';
  return {
    name: zone === '' ? '.' : zone,
    type: 'SOA',
    ttl,
    data: {
      mname: 'ns.spillway.invalid',
      rname: 'hostmaster.spillway.invalid',
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86400,
      minimum: ttl,
    },
  };
}

function tricksOf(records: NameRecords | null, type: string): readonly Trick[] {
  const trick = records?.trick;
  if (trick === undefined) return [];
  if (isTricks(trick)) return typeof trick === 'object' && 'length' in trick ? trick : [trick];
  const own = new Map<string, Tricks>(Object.entries(trick)).get(type);
  return own === undefined ? [] : tricksOf({ trick: own }, type);
}

function isTricks(value: NonNullable<NameRecords['trick']>): value is Tricks {
  return typeof value === 'string' || 'length' in value || 'delay' in value;
}

/** DNS knows no letter case in ASCII, and only there (RFC 4343). */
function asciiLower(name: string): string {
  const bare = name === '.' ? '' : name;
  return bare.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
