/**
 * What the DNS of the incident says: the black hole, the hosted sites, the good domains, the oddities.
 *
 * All names but seaton.biz end in `.example`, which belongs to nobody (RFC 2606).
 */
import type { NameRecords, ZoneData } from './dns-server-zone.ts';

export interface IncidentWorld {
  /** Address of the server under test. */
  readonly target: string;
  /** Address of the good sink, the mail server of all good domains. */
  readonly sink: string;
}

/** A sender domain with an oddity, and whether a failure notice to it can be delivered. */
export interface Variant {
  readonly name: string;
  readonly domain: string;
  /** `later`: not now, and nobody may give up yet. */
  readonly notice: 'never' | 'must' | 'later';
  readonly records: (domain: string, world: IncidentWorld) => ZoneData;
}

/** MX of one preference, by one host of the domain with one address. */
function byHost(records: NameRecords): Variant['records'] {
  return (domain) => ({ [domain]: { MX: [[10, `mail.${domain}`]] }, [`mail.${domain}`]: records });
}

function variant(name: string, notice: Variant['notice'], records: Variant['records']): Variant {
  return { name, domain: `${name}.odd.example`, notice, records };
}

export const variants: readonly Variant[] = [
  variant('loopback', 'never', byHost({ A: ['127.0.0.1'] })),
  variant('loopback-net', 'never', byHost({ A: ['127.0.0.2'] })),
  variant('loopback6', 'never', byHost({ AAAA: ['::1'] })),
  variant('mapped', 'never', byHost({ AAAA: ['::ffff:127.0.0.1'] })),
  variant('unspecified', 'never', byHost({ A: ['0.0.0.0'] })),
  variant('own-address', 'never', (domain, { target }) => ({
    [domain]: { MX: [[10, `mail.${domain}`]] },
    [`mail.${domain}`]: hostRecords(target),
  })),
  variant('localhost', 'never', (domain) => ({ [domain]: { MX: [[10, 'localhost']] } })),
  variant('localhost-spelled', 'never', (domain) => ({ [domain]: { MX: [[10, 'LocalHost']] } })),
  variant('literal', 'never', (domain) => ({ [domain]: { MX: [[10, '127.0.0.1']] } })),
  variant('decimal', 'never', (domain) => ({ [domain]: { MX: [[10, '2130706433']] } })),
  variant('alias', 'never', (domain) => ({
    [domain]: { MX: [[10, `mail.${domain}`]] },
    [`mail.${domain}`]: { CNAME: `host.${domain}` },
    [`host.${domain}`]: { A: ['127.0.0.1'] },
  })),
  variant('nullmx', 'never', (domain) => ({ [domain]: { MX: [[0, '.']] } })),
  variant('implicit', 'never', (domain) => ({ [domain]: { A: ['127.0.0.1'] } })),
  variant('private', 'never', byHost({ A: ['10.1.2.3'] })),
  variant('no-address', 'never', (domain) => ({ [domain]: { MX: [[10, `mail.${domain}`]] } })),
  variant('no-domain', 'never', () => ({})),
  variant('mixed', 'must', (domain, { sink }) => ({
    [domain]: {
      MX: [
        [10, `bad.${domain}`],
        [20, `mail.${domain}`],
      ],
    },
    [`bad.${domain}`]: { A: ['127.0.0.1'] },
    [`mail.${domain}`]: hostRecords(sink),
  })),
  variant('servfail', 'later', (domain) => ({ [domain]: { trick: 'servfail' } })),
];

/** Names below this one are the good sink's as well; whoever asks for a fresh one shows which DNS it asks. */
export const probeDomain = 'probe.example';

export function incidentZone(
  world: IncidentWorld,
  hosted: readonly string[],
  good: readonly string[],
): ZoneData {
  const zone: Record<string, NameRecords> = {
    'seaton.biz': { MX: [[10, 'mail.seaton.biz']] },
    'mail.seaton.biz': { A: ['127.0.0.1'] },
    localhost: { A: ['127.0.0.1'], AAAA: ['::1'] },
    'mx.hosting.example': hostRecords(world.target),
    'mx.good.example': hostRecords(world.sink),
    [`*.${probeDomain}`]: { MX: [[10, 'mx.good.example']] },
  };
  for (const domain of hosted) zone[domain] = { MX: [[10, 'mx.hosting.example']] };
  for (const domain of good) zone[domain] = { MX: [[10, 'mx.good.example']] };
  for (const one of variants) Object.assign(zone, one.records(one.domain, world));
  return zone;
}

function hostRecords(address: string): NameRecords {
  return address.includes(':') ? { AAAA: [address] } : { A: [address] };
}

/** The zone as lines of a zone file, for a DNS server of the admin's own; tricks become remarks. */
export function formatZone(zone: ZoneData): string {
  const lines: string[] = [];
  for (const [name, records] of Object.entries(zone)) {
    const owner = `${name}.`.padEnd(32);
    for (const address of records.A ?? []) lines.push(`${owner} IN A     ${address}`);
    for (const address of records.AAAA ?? []) lines.push(`${owner} IN AAAA  ${address}`);
    for (const [preference, host] of records.MX ?? [])
      lines.push(`${owner} IN MX    ${preference} ${host === '.' ? '.' : `${host}.`}`);
    if (records.CNAME !== undefined) lines.push(`${owner} IN CNAME ${records.CNAME}.`);
    if (records.trick !== undefined) lines.push(`; ${name}: answers SERVFAIL`);
  }
  return `${lines.join('\n')}\n`;
}
