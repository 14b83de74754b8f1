import assert from 'node:assert/strict';
import test from 'node:test';
import { type Domain, parseDomain } from '../mail/address.ts';
import {
  type NameRecords,
  startDnsServer,
  type Trick,
  type ZoneData,
} from '../replay/dns-server.ts';
import type { HostFacts, RouteFacts } from '../verdict/route-facts.ts';
import { parseHosts } from './hosts.ts';
import { createResolver } from './resolver.ts';
import { type Gathered, type GatherOptions, gatherRouteFacts } from './route-facts.ts';

function domain(text: string): Domain {
  const parsed = parseDomain(text);
  assert.ok(parsed, text);
  return parsed;
}

interface Gathering extends Gathered {
  /** `MX example.org`, in the order of asking. */
  readonly asked: readonly string[];
}

async function gather(
  records: ZoneData,
  text: string,
  options?: GatherOptions,
  tricks: readonly Trick[] = [],
): Promise<Gathering> {
  await using server = await startDnsServer({ records, tricks });
  await using resolver = createResolver({ servers: [server], tryTimeout: 100, deadline: 200 });
  const gathered = await gatherRouteFacts(resolver, domain(text), options);
  const asked = server.queries.map(({ type, name }) => `${type} ${name.toLowerCase()}`);
  return { ...gathered, asked };
}

/** The facts in a few words, for tables. */
function tell({ found }: RouteFacts): string {
  switch (found.kind) {
    case 'failed':
      return `failed: ${found.detail.replace(/127\.0\.0\.1:\d+/g, 'SERVER')}`;
    case 'literal':
      return `literal ${found.address.text}`;
    case 'implicit':
      return `implicit ${tellHost(found.host)}`;
    case 'mx': {
      const all = found.mx.map(
        ({ preference, name, host }) => `${preference} '${name}' ${tellHost(host)}`,
      );
      return all.join(' | ') + (found.truncated ? ' | ...' : '');
    }
    default:
      return found.kind;
  }
}

function tellHost(host: HostFacts | null): string {
  if (!host) return 'not asked';
  const addresses = host.addresses.map(({ text }) => text).join(' ');
  const alias = host.alias === null ? '' : `alias of ${host.alias} `;
  const failure = host.failure ? ` (${host.failure.detail})` : '';
  const more = host.truncated ? ' ...' : '';
  return `${alias}[${addresses}${more}]${failure.replace(/127\.0\.0\.1:\d+/g, 'SERVER')}`;
}

const world: ZoneData = {
  'mx1.example': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx2.example': { A: ['192.0.2.2', '192.0.2.3'] },
  'alias.example': { CNAME: 'mx1.example' },
  'silent6.example': { A: ['192.0.2.4'], trick: { AAAA: 'timeout' } },
  'broken.example': { trick: 'servfail' },
  'deep.alias.example': { CNAME: 'www.alias.example' },
  'www.alias.example': { CNAME: 'alias.example' },
};

const cases: readonly [name: string, own: NameRecords, want: string][] = [
  [
    'MX in order of preference, with both families',
    {
      MX: [
        [20, 'mx2.example'],
        [10, 'MX1.Example'],
      ],
    },
    "10 'mx1.example' [192.0.2.1 2001:db8::1] | 20 'mx2.example' [192.0.2.2 192.0.2.3]",
  ],
  [
    'MX of one preference stay in the order of DNS',
    {
      MX: [
        [5, 'mx2.example'],
        [5, 'mx1.example'],
      ],
    },
    "5 'mx2.example' [192.0.2.2 192.0.2.3] | 5 'mx1.example' [192.0.2.1 2001:db8::1]",
  ],
  ['null MX', { MX: [[0, '.']] }, "0 '' not asked"],
  ['MX localhost', { MX: [[0, 'LocalHost.']] }, "0 'localhost' not asked"],
  ['MX below localhost', { MX: [[0, 'mail.localhost']] }, "0 'mail.localhost' not asked"],
  ['MX an address in text', { MX: [[0, '127.0.0.1']] }, "0 '127.0.0.1' not asked"],
  ['MX an address, spelled oddly', { MX: [[0, '2130706433']] }, "0 '2130706433' not asked"],
  ['MX no host name', { MX: [[0, 'mx one.example']] }, "0 'mx\\032one.example' not asked"],
  ['MX in UTF-8', { MX: [[0, 'bücher.example']] }, "0 'b\\195\\188cher.example' not asked"],
  [
    'MX a label with a dot, which looks like two',
    { TYPE15: ['00000b6d78312e6578616d706c6500'] },
    "0 'mx1\\.example' not asked",
  ],
  ['MX that does not exist', { MX: [[0, 'nowhere.example']] }, "0 'nowhere.example' []"],
  [
    'MX an alias',
    { MX: [[0, 'deep.alias.example']] },
    "0 'deep.alias.example' alias of mx1.example [192.0.2.1 2001:db8::1]",
  ],
  [
    'one family silent',
    { MX: [[0, 'silent6.example']] },
    "0 'silent6.example' [192.0.2.4] (IPv6 address: no answer from SERVER within 0.2 s)",
  ],
  [
    'both families fail',
    { MX: [[0, 'broken.example']] },
    "0 'broken.example' [] (IPv4 address: SERVFAIL from SERVER; IPv6 address: SERVFAIL from SERVER)",
  ],
  [
    'one MX twice',
    {
      MX: [
        [0, 'mx1.example'],
        [9, 'mx1.EXAMPLE'],
      ],
    },
    "0 'mx1.example' [192.0.2.1 2001:db8::1] | 9 'mx1.example' [192.0.2.1 2001:db8::1]",
  ],
  ['no MX, but addresses', { A: ['192.0.2.9'], AAAA: ['::1'] }, 'implicit [192.0.2.9 ::1]'],
  ['nothing', { TXT: ['x'] }, 'implicit []'],
  [
    'no MX, one family fails',
    { A: ['192.0.2.9'], trick: { AAAA: 'refused' } },
    'implicit [192.0.2.9] (IPv6 address: REFUSED from SERVER)',
  ],
  [
    'no MX, an alias with addresses',
    { CNAME: 'alias.example' },
    'implicit alias of mx1.example [192.0.2.1 2001:db8::1]',
  ],
  ['an alias of nothing', { CNAME: 'nowhere.example' }, 'nxdomain'],
  ['MX fails', { A: ['192.0.2.9'], trick: { MX: 'servfail' } }, 'failed: SERVFAIL from SERVER'],
  [
    'MX of another name',
    { MX: [[0, 'mx1.example']], trick: 'other-owner' },
    'failed: SERVER answered with records of another name',
  ],
];
for (const [name, own, want] of cases)
  test(`gathers: ${name}`, async () => {
    const { facts } = await gather({ ...world, 'example.org': own }, 'Example.ORG');
    assert.equal(facts.domain, 'example.org');
    assert.equal(tell(facts), want);
  });

test('gathers: the MX of what the domain is an alias of', async () => {
  const records = {
    ...world,
    'example.org': { CNAME: 'target.example' },
    'target.example': { MX: [[10, 'mx2.example']] },
  } as const;
  const { facts } = await gather(records, 'example.org');
  assert.equal(tell(facts), "10 'mx2.example' [192.0.2.2 192.0.2.3]");
});

test('gathers: a domain that does not exist, without asking for more', async () => {
  const { facts, asked } = await gather(world, 'nowhere.example');
  assert.equal(tell(facts), 'nxdomain');
  assert.deepEqual(asked, ['MX nowhere.example']);
});

for (const [text, want] of [
  ['localhost', 'localhost'],
  ['Mail.LocalHost.', 'localhost'],
  ['[192.0.2.1]', 'literal 192.0.2.1'],
  ['[IPv6:::1]', 'literal ::1'],
] as const)
  test(`${text} is not asked for`, async () => {
    const { facts, asked, ttl } = await gather({ localhost: { MX: [[0, 'mx1.example']] } }, text);
    assert.equal(tell(facts), want);
    assert.deepEqual(asked, []);
    assert.ok(ttl > 0);
  });

test('names that mean no host are not asked for', async () => {
  const MX = ['.', 'localhost', '127.0.0.1', 'a b.example', 'mx1.example'].map(
    (name, i) => [i, name] as const,
  );
  const { asked } = await gather({ ...world, 'example.org': { MX } }, 'example.org');
  assert.deepEqual(asked.toSorted(), ['A mx1.example', 'AAAA mx1.example', 'MX example.org']);
});

test('of too many MX the best are looked up, and the cut is told', async () => {
  const MX = Array.from({ length: 100 }, (_, i) => [100 - i, `mx${i % 2}.example`] as const);
  const { facts } = await gather({ ...world, 'example.org': { MX } }, 'example.org');
  const { found } = facts;
  assert.ok(found.kind === 'mx' && found.truncated);
  assert.deepEqual(
    found.mx.map(({ preference }) => preference),
    Array.from({ length: 64 }, (_, i) => i + 1),
  );
});

test('of too many addresses some are kept, and the cut is told', async () => {
  const A = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
  const records = { 'example.org': { A, AAAA: ['::1'] } };
  const { facts } = await gather(records, 'example.org', { maxAddresses: 70 });
  const { found } = facts;
  assert.ok(found.kind === 'implicit' && found.host.truncated);
  assert.equal(found.host.addresses.length, 70);
});

test('no more hosts are looked up at once than allowed', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `h${i}.example`);
  const records: ZoneData = {
    'example.org': { MX: names.map((name) => [0, name]) },
    ...Object.fromEntries(names.map((name) => [name, { A: ['192.0.2.1'] }])),
  };
  await using server = await startDnsServer({ records, tricks: [{ delay: 5 }] });
  await using resolver = createResolver({ servers: [server] });
  let most = 0;
  const watched = {
    now: resolver.now,
    peek: resolver.peek,
    lookup(...asked: Parameters<typeof resolver.lookup>) {
      const looked = resolver.lookup(...asked);
      most = Math.max(most, resolver.inFlight);
      return looked;
    },
  };
  const { facts } = await gatherRouteFacts(watched, domain('example.org'), { concurrency: 3 });
  assert.ok(
    facts.found.kind === 'mx' && facts.found.mx.every(({ host }) => host?.addresses.length),
  );
  assert.ok(most <= 6, `${most} look-ups at once`);
});

test('a domain of many silent hosts ends at the deadline of the whole', {
  timeout: 10_000,
}, async () => {
  const MX = Array.from({ length: 20 }, (_, i) => [i, `h${i}.example`] as const);
  const records: ZoneData = { 'example.org': { MX }, '*.example': { trick: 'timeout' } };
  const { facts, ttl } = await gather(records, 'example.org', { concurrency: 2, deadline: 150 });
  assert.ok(facts.found.kind === 'mx');
  for (const { host } of facts.found.mx)
    assert.match(
      host?.failure?.detail ?? '',
      /DNS was not done with the whole domain within 0.15 s/,
    );
  assert.ok(ttl <= 5000);
});

const ttls: readonly [name: string, records: ZoneData, seconds: number][] = [
  [
    'the shortest of all',
    {
      'example.org': {
        MX: [
          [0, 'a.example'],
          [1, 'b.example'],
        ],
        ttl: 500,
      },
      'a.example': { A: ['192.0.2.1'], AAAA: ['::1'], ttl: 400 },
      'b.example': { A: ['192.0.2.1'], AAAA: ['::1'], ttl: 100 },
    },
    100,
  ],
  [
    'the negative answer of one family',
    { 'example.org': { MX: [[0, 'a.example']] }, 'a.example': { A: ['192.0.2.1'] } },
    60,
  ],
  ['a failure', { 'example.org': { A: ['192.0.2.1'], trick: { AAAA: 'servfail' } } }, 5],
  ['no such domain', {}, 60],
];
for (const [name, records, seconds] of ttls)
  test(`facts hold as long as what they rest on: ${name}`, async () => {
    await using server = await startDnsServer({ records });
    const start = 1_000_000;
    await using resolver = createResolver({ servers: [server], now: () => start });
    const { ttl } = await gatherRouteFacts(resolver, domain('example.org'));
    assert.equal(ttl, seconds * 1000);
  });

test('facts from memory hold for the rest of the time, and cost no question', async () => {
  let now = 0;
  await using server = await startDnsServer({
    records: { 'example.org': { A: ['192.0.2.1'], AAAA: ['::1'] } },
    negativeTtl: 100,
  });
  await using resolver = createResolver({ servers: [server], now: () => now });
  const first = await gatherRouteFacts(resolver, domain('example.org'));
  now = 40_000;
  const second = await gatherRouteFacts(resolver, domain('example.org'));
  assert.deepEqual(second.facts, first.facts);
  assert.deepEqual([first.ttl, second.ttl, server.queryCount], [100_000, 60_000, 3]);
});

const hostsCases: readonly [name: string, hosts: string, want: RouteFacts['hostsFile']][] = [
  ['says the same', '192.0.2.1 mx1.example\n2001:db8::1 mx1.example', []],
  ['says a part of it', '192.0.2.1 mx1.example', []],
  ['says otherwise', '127.0.0.1 MX1.example', [{ name: 'mx1.example', addresses: ['127.0.0.1'] }]],
  ['speaks of others', '127.0.0.1 localhost other.example', []],
  ['speaks of the domain, which has MX', '127.0.0.1 example.org', []],
];
for (const [name, hosts, want] of hostsCases)
  test(`a hosts file that ${name}`, async () => {
    const records: ZoneData = { ...world, 'example.org': { MX: [[0, 'mx1.example']] } };
    const { facts } = await gather(records, 'example.org', { hosts: parseHosts(hosts) });
    assert.deepEqual(facts.hostsFile, want);
  });

test('a hosts file that knows a domain which DNS does not know', async () => {
  const hosts = parseHosts('192.0.2.7 example.org');
  const want = [{ name: 'example.org', addresses: ['192.0.2.7'] }];
  assert.deepEqual((await gather({}, 'example.org', { hosts })).facts.hostsFile, want);
  const implicit = await gather({ 'example.org': {} }, 'example.org', { hosts });
  assert.deepEqual(implicit.facts.hostsFile, want);
});
