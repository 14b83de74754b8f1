import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import test, { after } from 'node:test';
import { type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { formatDnsFrame, parseDnsFrames } from '../dns/frames.ts';
import { type DnsServer, startDnsServer, type ZoneData } from './dns-server.ts';
import { answerMessage } from './dns-server-answer.ts';
import { buildZone } from './dns-server-zone.ts';

const records: ZoneData = {
  'example.org': { MX: [[10, 'mx.example.org']], TXT: ['v=spf1 -all'] },
  'MX.Example.org': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'null.example': { MX: [[0, '.']] },
  'alias.example': { CNAME: 'second.example' },
  'second.example': { CNAME: 'mx.example.org.' },
  'dangling.example': { CNAME: 'nowhere.example' },
  'ring.example': { CNAME: 'ring.example' },
  'a.b.deep.example': { A: ['192.0.2.2'] },
  '*.load.example': { A: ['192.0.2.9'] },
  'here.load.example': { TXT: ['here'] },
  '192.0.2.1': { PTR: 'mx.example.org' },
  '2001:db8::1': { PTR: 'mx.example.org' },
  'big.example': { TXT: Array.from({ length: 30 }, (_, i) => `${'x'.repeat(200)}${i}`) },
  'half.example': { A: ['192.0.2.3'], trick: { AAAA: 'servfail' } },
  'refused.example': { trick: 'refused' },
  'slow.example': { A: ['192.0.2.4'], trick: [{ delay: 20 }, 'truncate'] },
  'raw.example': { TYPE15: ['000a03ff002e00'] },
};

let server: DnsServer;
const client = new Resolver({ tries: 1, timeout: 2000 });
test.before(async () => {
  server = await startDnsServer({ records });
  client.setServers([server.address]);
});
after(() => server.close());

// An independent resolver (c-ares) reads what we write.
const cases: readonly [name: string, ask: string, type: string, want: unknown][] = [
  ['an MX', 'example.org', 'MX', [{ exchange: 'mx.example.org', priority: 10, type: 'MX' }]],
  ['the root as MX', 'null.example', 'MX', [{ exchange: '', priority: 0, type: 'MX' }]],
  ['letter case does not matter', 'mX.eXample.ORG', 'A', ['192.0.2.1']],
  ['IPv6', 'mx.example.org', 'AAAA', ['2001:db8::1']],
  ['a chain of aliases', 'alias.example', 'A', ['192.0.2.1']],
  ['an alias of nothing does not exist', 'dangling.example', 'A', 'ENOTFOUND'],
  ['a ring of aliases leads to no address', 'ring.example', 'A', []],
  ['an unknown name does not exist', 'nope.example', 'A', 'ENOTFOUND'],
  ['a known name without the type', 'example.org', 'A', 'ENODATA'],
  ['an empty non-terminal exists', 'b.deep.example', 'A', 'ENODATA'],
  ['a wildcard', 'x.y.load.example', 'A', ['192.0.2.9']],
  ['a listed name hides the wildcard', 'here.load.example', 'A', 'ENODATA'],
  ['a name below a listed one too', 'below.here.load.example', 'A', 'ENOTFOUND'],
  ['reverse look-up', '1.2.0.192.in-addr.arpa', 'PTR', ['mx.example.org']],
  ['reverse look-up of a stranger', '9.9.9.9.in-addr.arpa', 'PTR', 'ENOTFOUND'],
  ['one type fails', 'half.example', 'AAAA', 'ESERVFAIL'],
  ['the other does not', 'half.example', 'A', ['192.0.2.3']],
  ['all types are refused', 'refused.example', 'MX', 'EREFUSED'],
  ['late, and over TCP alone', 'slow.example', 'A', ['192.0.2.4']],
  ['any bytes', 'raw.example', 'MX', [{ exchange: '\\255\\000\\.', priority: 10, type: 'MX' }]],
];
for (const [name, ask, type, want] of cases)
  test(`serves: ${name}`, async () => {
    const got = await client.resolve(ask, type).catch((error: { code: string }) => error.code);
    assert.deepEqual(got, want);
  });

test('an answer that is too long for UDP is fetched over TCP', async () => {
  assert.equal((await client.resolveTxt('big.example')).length, 30);
  const transports = server.queries.filter((q) => q.name === 'big.example').map((q) => q.transport);
  assert.deepEqual(transports, ['udp', 'tcp']);
});

test('new records count from the next question on', async () => {
  await using own = await startDnsServer({ records: {} });
  const resolver = new Resolver();
  resolver.setServers([own.address]);
  await assert.rejects(resolver.resolve4('new.example'), { code: 'ENOTFOUND' });
  own.setRecords({ 'new.example': { A: ['192.0.2.5'] } });
  assert.deepEqual(await resolver.resolve4('new.example'), ['192.0.2.5']);
  assert.equal(own.queryCount, 2);
});

test('records that cannot be served are refused at once', () => {
  const wrong: ZoneData[] = [
    { x: { A: ['127.1'] } },
    { x: { AAAA: ['192.0.2.1'] } },
    { x: { MX: [[0, `${'a'.repeat(64)}.example`]] } },
    { 'a..b': {} },
  ];
  for (const data of wrong) assert.throws(() => buildZone(data, 1, 1), TypeError);
});

test('questions over TCP may come in any pieces, many on one connection', async () => {
  const ask = (name: string, id: number) =>
    formatDnsFrame(encode({ type: 'query', id, questions: [{ name, type: 'A' }] }));
  const stream = Buffer.concat([ask('mx.example.org', 1), ask('half.example', 2)]);
  for (const cut of [1, 2, 3, 20, stream.length - 1]) {
    const socket = connect(server.port, server.host);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    socket.write(stream.subarray(0, cut));
    await new Promise(setImmediate);
    socket.write(stream.subarray(cut));
    let rest: Uint8Array = new Uint8Array();
    const ids: (number | undefined)[] = [];
    for await (const chunk of socket) {
      const parsed = parseDnsFrames(Buffer.concat([rest, chunk]));
      rest = parsed.rest;
      for (const message of parsed.messages) ids.push(decode(Buffer.from(message)).id);
      if (ids.length === 2) break;
    }
    assert.deepEqual(ids, [1, 2], `cut at ${cut}`);
  }
});

test('negative answers say in a SOA how long they may be kept', () => {
  const got = answer('nope.example', 'MX');
  assert.equal((got.flags ?? 0) & 15, 3);
  assert.equal(got.flag_ra, true);
  const [soa] = got.authorities ?? [];
  assert.ok(soa?.type === 'SOA' && soa.ttl === 60 && soa.data.minimum === 60);
});

function answer(name: string, type: RecordType): DecodedPacket {
  const query = encode({ type: 'query', id: 7, questions: [{ name, type }] });
  const [message] = answerMessage(query, 'udp', buildZone(records, 300, 60), []).messages;
  assert.ok(message);
  return decode(Buffer.from(message));
}

test('any bytes get an answer of the same id or none', () => {
  const zone = buildZone(records, 300, 60);
  const valid = encode({ type: 'query', id: 7, questions: [{ name: 'example.org', type: 'MX' }] });
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(40))
    .map(([changes, length]) => {
      const bytes = Uint8Array.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes.subarray(0, length);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), (bytes) => {
      for (const transport of ['udp', 'tcp'] as const)
        for (const message of answerMessage(bytes, transport, zone, []).messages) {
          assert.deepEqual([...message.subarray(0, 2)], [...bytes.subarray(0, 2)]);
          assert.ok(message.length >= 12);
        }
    }),
    { numRuns: 2000 },
  );
});
