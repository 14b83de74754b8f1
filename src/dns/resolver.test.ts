import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket as TcpSocket } from 'node:net';
import test from 'node:test';
import { type DecodedPacket, decode, encode, TRUNCATED_RESPONSE } from 'dns-packet';
import {
  type DnsServer,
  type DnsServerOptions,
  startDnsServer,
  type Trick,
} from '../replay/dns-server.ts';
import { formatDnsFrame } from './frames.ts';
import type { Lookup } from './lookup.ts';
import type { LookupType } from './query.ts';
import { createResolver, type Resolver, type ResolverOptions } from './resolver.ts';

const mx = { MX: [[10, 'mx.example.org']] } as const;

/** What a look-up says, in one line. */
function tell(lookup: Lookup): string {
  switch (lookup.kind) {
    case 'failed':
      return `failed: ${lookup.detail.replace(/127\.0\.0\.1:\d+/g, 'SERVER')}`;
    case 'found': {
      const records = lookup.records.map((record) => Object.values(record).slice(1).join(' '));
      return `${lookup.alias ?? ''} ${records.join(', ')}`.trim();
    }
    default:
      return lookup.kind;
  }
}

async function ask(
  options: Omit<DnsServerOptions, 'records'> & { records?: DnsServerOptions['records'] },
  name: string,
  type: LookupType,
  check: (server: DnsServer, resolver: Resolver) => void | Promise<void> = () => undefined,
): Promise<string> {
  await using server = await startDnsServer({ records: { 'example.org': mx }, ...options });
  await using resolver = createResolver({ servers: [server], tryTimeout: 300, deadline: 600 });
  const told = tell(await resolver.lookup(name, type));
  await check(server, resolver);
  return told;
}

const records: DnsServerOptions['records'] = {
  'example.org': {
    ...mx,
    A: ['192.0.2.1', '192.0.2.2'],
    AAAA: ['2001:db8::1', '::ffff:127.0.0.1'],
    TXT: ['v=spf1 -all', 'x'.repeat(600)],
  },
  '192.0.2.1': { PTR: 'Mail.Example.ORG' },
  'alias.example': { CNAME: 'Next.Example' },
  'next.example': { CNAME: 'example.org' },
  'bare.example': { CNAME: 'next.example', trick: 'bare-alias' },
  'bare-nowhere.example': { CNAME: 'nowhere.example', trick: 'bare-alias' },
  'bare-localhost.example': { CNAME: 'localhost', trick: 'bare-alias' },
  'ring.example': { CNAME: 'ring.example' },
  'bare-ring.example': { CNAME: 'bare-gnir.example', trick: 'bare-alias' },
  'bare-gnir.example': { CNAME: 'bare-ring.example', trick: 'bare-alias' },
  'long.example': { TXT: Array.from({ length: 200 }, (_, i) => `${'x'.repeat(200)}${i}`) },
  'wild.example': { TYPE15: ['000a04ff1b2e4100', '000b0a6d782e6578616d706c6500', '000c00'] },
  'elsewhere.example': { ...mx, trick: 'other-owner' },
};
const plain: readonly [name: string, ask: string, type: LookupType, want: string | RegExp][] = [
  ['MX', 'example.org', 'MX', '10 mx.example.org'],
  ['A', 'EXAMPLE.org.', 'A', '192.0.2.1, 192.0.2.2'],
  ['AAAA', 'example.org', 'AAAA', '2001:db8::1, ::ffff:127.0.0.1'],
  ['a text in pieces', 'example.org', 'TXT', `v=spf1 -all, ${'x'.repeat(600)}`],
  ['a name by its address, in lower case', '1.2.0.192.in-addr.arpa', 'PTR', 'mail.example.org'],
  ['an alias of an alias', 'alias.example', 'MX', 'example.org 10 mx.example.org'],
  [
    'an alias whose end the server leaves open',
    'bare.example',
    'MX',
    'example.org 10 mx.example.org',
  ],
  ['an open alias of nothing', 'bare-nowhere.example', 'A', 'nxdomain'],
  ['localhost is not asked for', 'bare-localhost.example', 'A', 'nodata'],
  ['a ring of aliases', 'ring.example', 'A', /^failed: SERVER says that the name is an alias of/],
  ['an open ring', 'bare-ring.example', 'A', /^failed: bare-ring.example is an alias of an alias/],
  ['no such name', 'nowhere.example', 'MX', 'nxdomain'],
  ['no such type', 'next.example', 'TXT', /^example.org v=spf1/],
  ['an alias without such a type', 'alias.example', 'PTR', 'nodata'],
  [
    'wild bytes and dots in labels',
    'wild.example',
    'MX',
    '10 \\255\\027\\.a, 11 mx\\.example, 12 ',
  ],
  ['a Unicode name', 'BÜCHER.example', 'MX', 'nxdomain'],
  ['a name that is none', 'not a name', 'MX', 'failed: not a name that DNS could know'],
  ['an address in text', '127.0.0.1', 'A', 'failed: not a name that DNS could know'],
  [
    'records of another name',
    'elsewhere.example',
    'MX',
    /^failed: SERVER answered with records of an/,
  ],
];
for (const [name, asked, type, want] of plain)
  test(`finds: ${name}`, async () => {
    const got = await ask({ records }, asked, type);
    if (typeof want === 'string') assert.equal(got, want.trim());
    else assert.match(got, want);
  });

test('a long answer comes over TCP', async () => {
  await using server = await startDnsServer({ records });
  await using resolver = createResolver({ servers: [server] });
  const got = await resolver.lookup('long.example', 'TXT');
  assert.equal(got.kind === 'found' && got.records.length, 200);
  assert.deepEqual(
    server.queries.map(({ transport }) => transport),
    ['udp', 'tcp'],
  );
});

const good = '10 mx.example.org';
const tricks: readonly [tricks: Trick[], want: string][] = [
  [['wrong-id'], good],
  [['wrong-question'], good],
  [['wrong-case'], good],
  [['wrong-id', 'wrong-question', 'wrong-case'], good],
  [['truncate'], good],
  [['lower-case'], good],
  [['lower-case', 'truncate'], good],
  [['no-edns'], good],
  [['no-edns', 'truncate'], good],
  [[{ delay: 50 }], good],
  [['servfail'], 'failed: SERVFAIL from SERVER'],
  [['wrong-id', 'servfail'], 'failed: SERVFAIL from SERVER'],
  [['refused'], 'failed: REFUSED from SERVER'],
  [['notimp'], 'failed: NOTIMP from SERVER'],
  [['malformed'], 'failed: a malformed answer from SERVER'],
  [['timeout'], 'failed: no answer from SERVER within 0.6 s'],
  [['other-owner'], 'failed: SERVER answered with records of another name'],
  [
    ['truncate', 'tcp-close'],
    'failed: SERVER has an answer too long for UDP and does not take TCP',
  ],
];
for (const [played, want] of tricks)
  test(`a server that plays ${played.map((one) => JSON.stringify(one)).join(', ')}`, async () => {
    assert.equal(await ask({ tricks: played }, 'example.org', 'MX'), want);
  });

test('the second server is asked when the first does not help', async () => {
  await using second = await startDnsServer({ records });
  for (const trick of ['servfail', 'refused', 'malformed', 'other-owner', 'timeout'] as const) {
    await using first = await startDnsServer({ records, tricks: [trick] });
    await using resolver = createResolver({ servers: [first, second], tryTimeout: 50 });
    assert.equal(tell(await resolver.lookup('example.org', 'MX')), good, trick);
  }
});

test('a dead server is waited for once, and asked last from then on', async () => {
  await using dead = await startDnsServer({ records, tricks: ['timeout'] });
  await using alive = await startDnsServer({ records });
  await using resolver = createResolver({ servers: [dead, alive], tryTimeout: 50 });
  for (const type of ['MX', 'A', 'AAAA', 'TXT'] as const)
    await resolver.lookup('example.org', type);
  assert.deepEqual([dead.queryCount, alive.queryCount], [1, 4]);
});

test('a server that is not there at all costs no wait', async () => {
  const gone = await startDnsServer({ records });
  await gone.close();
  await using resolver = createResolver({ servers: [gone], tryTimeout: 60_000, deadline: 60_000 });
  const got = tell(await resolver.lookup('example.org', 'MX'));
  assert.equal(got, 'failed: SERVER cannot be reached (ECONNREFUSED)');
});

test('the failure names every server and what it did', async () => {
  await using silent = await startDnsServer({ records, tricks: ['timeout'] });
  await using mute = await startDnsServer({ records, tricks: ['timeout'] });
  await using servfail = await startDnsServer({ records, tricks: ['servfail'] });
  const detail = async (...servers: DnsServer[]) => {
    await using resolver = createResolver({ servers, tryTimeout: 50, deadline: 200 });
    const got = await resolver.lookup('example.org', 'MX');
    return got.kind === 'failed' ? got.detail : got.kind;
  };
  assert.equal(
    await detail(silent, mute),
    `no answer from ${silent.address} and ${mute.address} within 0.2 s`,
  );
  assert.equal(
    await detail(silent, servfail),
    `SERVFAIL from ${servfail.address}; no answer from ${silent.address} within 0.1 s`,
  );
  assert.equal(await detail(), 'no DNS server is configured');
});

test('IPv6 servers are asked as well', async (t) => {
  let server: DnsServer;
  try {
    server = await startDnsServer({ host: '::1', records });
  } catch {
    t.skip('this machine has no IPv6 loopback');
    return;
  }
  await using resolver = createResolver({ servers: [server] });
  assert.equal(tell(await resolver.lookup('example.org', 'MX')), good);
  assert.equal(tell(await resolver.lookup('long.example', 'MX')), 'nodata');
  await server.close();
});

test('every question has its own port, id and letter case', async () => {
  await using server = await startDnsServer({ records: { '*': { A: ['192.0.2.1'] } } });
  await using resolver = createResolver({ servers: [server] });
  const domain = 'a-name-with-many-letters.example';
  for (let i = 0; i < 30; i++) await resolver.lookup(`n${i}.${domain}`, 'A');
  const seen = server.queries.map(({ name }) => name.slice(name.indexOf('.')));
  assert.ok(new Set(seen).size >= 29, 'letter case');
  assert.ok(new Set(server.queries.map(({ port }) => port)).size >= 25, 'ports');
});

test('a server that loses letter case is found out over TCP, once', async () => {
  await using server = await startDnsServer({ records, tricks: ['lower-case'] });
  await using resolver = createResolver({ servers: [server] });
  await resolver.lookup('example.org', 'MX');
  await resolver.lookup('example.org', 'A');
  assert.deepEqual(
    server.queries.map(({ transport }) => transport),
    ['udp', 'tcp', 'udp'],
  );
  assert.equal(server.queries.at(-1)?.name, 'example.org');
});

test('a server that knows no EDNS is asked without it from then on', async () => {
  await using server = await startDnsServer({ records, tricks: ['no-edns'] });
  await using resolver = createResolver({ servers: [server] });
  await resolver.lookup('example.org', 'MX');
  await resolver.lookup('example.org', 'A');
  assert.equal(server.queryCount, 3);
});

test('however many ask at once, one question goes out', async () => {
  await using server = await startDnsServer({ records, tricks: [{ delay: 20 }] });
  await using resolver = createResolver({ servers: [server] });
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      resolver.lookup(i % 2 ? 'example.org' : 'Example.ORG.', 'MX'),
    ),
  );
  assert.deepEqual(new Set(all.map(tell)), new Set([good]));
  assert.equal(server.queryCount, 1);
});

test('more look-ups than may be under way fail at once, and are not remembered', async () => {
  await using server = await startDnsServer({ records, tricks: [{ delay: 20 }] });
  await using resolver = createResolver({ servers: [server], maxInFlight: 2 });
  const first = [resolver.lookup('example.org', 'MX'), resolver.lookup('example.org', 'A')];
  const third = await resolver.lookup('example.org', 'AAAA');
  assert.equal(tell(third), 'failed: 2 DNS look-ups are under way already');
  assert.equal(resolver.inFlight, 2);
  await Promise.all(first);
  assert.equal((await resolver.lookup('example.org', 'AAAA')).kind, 'found');
});

const ttls: readonly [
  name: string,
  records: DnsServerOptions['records'][string],
  negativeTtl: number,
  seconds: number,
][] = [
  ['as long as DNS says', { ...mx, ttl: 120 }, 60, 120],
  ['at least the minimum', { ...mx, ttl: 0 }, 60, 10],
  ['at most the maximum', { ...mx, ttl: 999_999 }, 60, 3600],
  ['no record: as long as the SOA says', {}, 77, 77],
  ['no record: at most the negative maximum', {}, 999_999, 900],
  ['an alias: the shorter of both', { CNAME: 'long.example', ttl: 33 }, 60, 33],
  ['an open alias: the same', { CNAME: 'long.example', ttl: 33, trick: 'bare-alias' }, 60, 33],
  ['an alias without such a record', { CNAME: 'empty.example', ttl: 33 }, 60, 33],
  ['a failure: a few seconds', { trick: 'servfail' }, 60, 5],
];
for (const [name, own, negativeTtl, seconds] of ttls)
  test(`remembers ${name}`, async () => {
    let now = 1_000_000;
    await using server = await startDnsServer({
      records: { 'example.org': own, 'long.example': { ...mx, ttl: 500 }, 'empty.example': {} },
      negativeTtl,
    });
    await using resolver = createResolver({ servers: [server], now: () => now });
    const first = await resolver.lookup('example.org', 'MX');
    assert.equal(first.until - now, seconds * 1000);
    const asked = server.queryCount;
    now += seconds * 1000 - 1;
    assert.equal(await resolver.lookup('example.org', 'MX'), first);
    assert.equal(resolver.peek('example.org', 'MX'), first);
    assert.equal(server.queryCount, asked);
    now += 1;
    assert.equal(resolver.peek('example.org', 'MX'), null);
    await resolver.lookup('example.org', 'MX');
    assert.ok(server.queryCount > asked);
  });

test('the memory is bounded', async () => {
  await using server = await startDnsServer({ records: { '*': { A: ['192.0.2.1'] } } });
  await using resolver = createResolver({ servers: [server], capacity: 20 });
  for (let i = 0; i < 100; i++) await resolver.lookup(`n${i}.example`, 'A');
  assert.ok(resolver.cacheSize <= 20);
});

test('closing ends what is under way', async () => {
  await using server = await startDnsServer({ records, tricks: ['timeout'] });
  const resolver = createResolver({ servers: [server], tryTimeout: 60_000, deadline: 60_000 });
  const open = resolver.lookup('example.org', 'MX');
  while (server.queryCount === 0) await new Promise(setImmediate);
  await resolver.close();
  assert.equal(tell(await open), 'failed: the resolver was closed');
  assert.equal(tell(await resolver.lookup('example.org', 'A')), 'failed: the resolver is closed');
});

interface OddServer extends AsyncDisposable {
  readonly servers: ResolverOptions['servers'];
}

/** For what the ordinary server cannot do: answers each question by hand. */
async function startOddServer(
  onUdp: (query: DecodedPacket, peer: RemoteInfo, socket: Socket) => void,
  onTcp: (query: DecodedPacket, socket: TcpSocket) => void = (_, socket) => socket.destroy(),
): Promise<OddServer> {
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (frame) => onTcp(decode(frame.subarray(2)), socket));
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (bytes, peer) => onUdp(decode(bytes), peer, udp));
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    servers: [{ host: '127.0.0.1', port }],
    async [Symbol.asyncDispose]() {
      udp.close();
      tcp.close();
    },
  };
}

function reply(query: DecodedPacket, address: string, id = query.id ?? 0): Buffer {
  const { questions = [] } = query;
  const name = questions[0]?.name ?? '';
  return encode({ type: 'response', id, questions, answers: [{ name, type: 'A', data: address }] });
}

function truncated(query: DecodedPacket): Buffer {
  const { id = 0, questions = [] } = query;
  return encode({ type: 'response', id, flags: TRUNCATED_RESPONSE, questions });
}

test('an answer from another address is not heard, even if all in it is right', async () => {
  const forger = createSocket('udp4');
  await using odd = await startOddServer((query, peer, socket) => {
    forger.send(reply(query, '203.0.113.66'), peer.port, peer.address, () =>
      socket.send(reply(query, '192.0.2.1'), peer.port, peer.address),
    );
  });
  await using resolver = createResolver(odd);
  assert.equal(tell(await resolver.lookup('example.org', 'A')), '192.0.2.1');
  forger.close();
});

test('against somebody who guesses ids, TCP is asked', async () => {
  await using odd = await startOddServer(
    (query, peer, socket) => {
      for (let id = 1; id < 200; id++)
        socket.send(reply(query, '203.0.113.66', (query.id ?? 0) ^ id), peer.port, peer.address);
    },
    (query, socket) => socket.end(formatDnsFrame(reply(query, '192.0.2.1'))),
  );
  await using resolver = createResolver(odd);
  assert.equal(tell(await resolver.lookup('example.org', 'A')), '192.0.2.1');
});

test('an answer over TCP may come byte by byte', async () => {
  await using odd = await startOddServer(
    (query, peer, socket) => socket.send(truncated(query), peer.port, peer.address),
    async (query, socket) => {
      socket.setNoDelay(true);
      for (const byte of formatDnsFrame(reply(query, '192.0.2.1'))) {
        socket.write(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
    },
  );
  await using resolver = createResolver(odd);
  assert.equal(tell(await resolver.lookup('example.org', 'A')), '192.0.2.1');
});

test('an answer over TCP with a foreign id is worth nothing', async () => {
  await using odd = await startOddServer(
    (query, peer, socket) => socket.send(truncated(query), peer.port, peer.address),
    (query, socket) =>
      socket.end(formatDnsFrame(reply(query, '203.0.113.66', (query.id ?? 0) ^ 1))),
  );
  await using resolver = createResolver(odd);
  const got = tell(await resolver.lookup('example.org', 'A'));
  assert.equal(got, 'failed: a malformed answer from SERVER');
});

test('a server that loses letter case and takes no TCP is asked again in lower case', async () => {
  await using odd = await startOddServer((query, peer, socket) => {
    const questions = (query.questions ?? []).map((one) => ({
      ...one,
      name: one.name.toLowerCase(),
    }));
    socket.send(reply({ ...query, questions }, '192.0.2.1'), peer.port, peer.address);
  });
  await using resolver = createResolver(odd);
  assert.equal(tell(await resolver.lookup('a-name-with-letters.example', 'A')), '192.0.2.1');
});

test('a server that only refers to others is told as such', async () => {
  await using odd = await startOddServer(({ id = 0, questions = [] }, peer, socket) => {
    const authorities = [{ name: 'org', type: 'NS', data: 'ns.example' } as const];
    socket.send(encode({ type: 'response', id, questions, authorities }), peer.port, peer.address);
  });
  await using resolver = createResolver(odd);
  const got = tell(await resolver.lookup('example.org', 'A'));
  assert.equal(got, 'failed: SERVER only refers to other servers and does not ask them');
});
