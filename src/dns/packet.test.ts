import assert from 'node:assert/strict';
import test from 'node:test';
import { type Answer, encode } from 'dns-packet';
import fc from 'fast-check';
import { type Reading, readLookup } from './lookup.ts';
import { parsePacket } from './packet.ts';
import { formatQuery, type Query, randomLength, readReply } from './query.ts';

const query = formatQuery('example.org', 'MX', new Uint8Array(randomLength).fill(0x5a), {
  edns: true,
  mixCase: true,
});

const answers: Answer[] = [
  { name: 'example.org', type: 'CNAME', ttl: 30, data: 'Other.Example' },
  {
    name: 'OTHER.example',
    type: 'MX',
    ttl: 60,
    data: { preference: 10, exchange: 'MX.Other.Example' },
  },
  { name: 'other.example', type: 'MX', ttl: 60, data: { preference: 20, exchange: '.' } },
  { name: 'other.example', type: 'TXT', ttl: 60, data: ['one', 'two'] },
  { name: 'other.example', type: 'A', ttl: 60, data: '192.0.2.1' },
  { name: 'other.example', type: 'AAAA', ttl: 60, data: '2001:db8::1' },
  { name: 'strange.example', type: 'MX', ttl: 1, data: { preference: 0, exchange: 'strange' } },
  { name: 'other.example', type: 'SRV', ttl: 1, data: { port: 25, target: 'other.example' } },
];
const soa: Answer = {
  name: 'org',
  type: 'SOA',
  ttl: 300,
  data: { mname: 'ns.example', rname: 'root.example', minimum: 120 },
};

function replyTo(asked: Query, records: Answer[], authorities: Answer[] = [soa]): Buffer {
  const id = ((asked.bytes[0] ?? 0) << 8) | (asked.bytes[1] ?? 0);
  const message = encode({ type: 'response', id, answers: records, authorities, flags: 0x80 });
  // The question as it was asked, letter by letter.
  const question = Buffer.from(asked.bytes).subarray(12, 12 + asked.name.length + 2 + 4);
  message.writeUInt16BE(1, 4);
  return Buffer.concat([message.subarray(0, 12), question, message.subarray(12)]);
}

function read(message: Uint8Array): Reading | string {
  const reply = readReply(message, query);
  return reply.kind === 'answer' ? readLookup(reply.packet, 'example.org', 'MX') : reply.kind;
}

test('the records of the name and of what it is an alias of, no others', () => {
  assert.deepEqual(read(replyTo(query, answers)), {
    kind: 'found',
    records: [
      { type: 'MX', preference: 10, name: 'mx.other.example' },
      { type: 'MX', preference: 20, name: '' },
    ],
    alias: 'other.example',
    ttl: 30,
  });
});

test('the order of records in an answer is of no account', () => {
  const got = read(replyTo(query, answers.toReversed()));
  assert.ok(typeof got === 'object' && got.kind === 'found' && got.records.length === 2);
});

test('a negative answer holds as long as the smaller of both figures of its SOA', () => {
  const nodata = { kind: 'nodata', records: [], alias: null };
  assert.deepEqual(read(replyTo(query, [])), { ...nodata, ttl: 120 });
  assert.deepEqual(read(replyTo(query, [], [{ ...soa, ttl: 7 }])), { ...nodata, ttl: 7 });
  assert.deepEqual(read(replyTo(query, [], [{ ...soa, name: 'com' }])), { ...nodata, ttl: null });
});

test('an answer cut anywhere is malformed or foreign, never an answer', () => {
  const message = replyTo(query, answers);
  for (let length = 0; length < message.length; length++) {
    const got = read(message.subarray(0, length));
    assert.ok(got === 'malformed' || got === 'foreign', `${length} bytes: ${JSON.stringify(got)}`);
  }
});

test('a TTL with the highest bit is 0 (RFC 2181 8)', () => {
  const [record] =
    parsePacket(replyTo(query, [{ name: 'x', type: 'A', ttl: 0x80000000, data: '192.0.2.1' }]))
      ?.answers ?? [];
  assert.equal(record?.ttl, 0);
});

test('a record whose length does not fit its data is malformed', () => {
  const message = replyTo(query, [{ name: 'x', type: 'A', ttl: 1, data: '192.0.2.1' }], []);
  const at = message.length - 6;
  assert.equal(message.readUInt16BE(at), 4);
  for (const length of [0, 3, 5]) {
    message.writeUInt16BE(length, at);
    const padded = Buffer.concat([message, Buffer.alloc(1)]);
    assert.equal(parsePacket(padded), null, `length ${length}`);
  }
});

test('the upper bits of the code are in EDNS', () => {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 1,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as const;
  const message = replyTo(query, [], []);
  const additional = encode({ additionals: [{ ...opt, options: [] }] }).subarray(12);
  message.writeUInt16BE(1, 10);
  const reply = readReply(Buffer.concat([message, additional]), query);
  assert.deepEqual(reply, { kind: 'error', rcode: 'BADVERS' });
});

test('any bytes, and any damage to an answer, are read without harm', () => {
  const valid = replyTo(query, answers);
  const damaged = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    .map((changes) => {
      const bytes = Uint8Array.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), (bytes) => {
      parsePacket(bytes);
      const reply = readReply(bytes, query);
      if (reply.kind === 'answer') readLookup(reply.packet, 'example.org', 'MX');
    }),
    { numRuns: 5000 },
  );
});

/** They take milliseconds; what grows with the square of their size takes longer than this. */
const patience = { timeout: 10_000 };

test('the worst message that fits into TCP is read to its end', patience, () => {
  // One record holds a chain, each pointer pointing to the one before it; the names of all the
  // other records are its end.
  const pointers = 8000;
  const chain = 12 + 11;
  const message = Buffer.alloc(0xffff);
  message.writeUInt16BE(0x8000, 2);
  message.writeUInt16BE(99, 13);
  message.writeUInt16BE(1, 15);
  message.writeUInt16BE(2 * pointers, chain - 2);
  const pointTo = (target: number, at: number) => message.writeUInt16BE(0xc000 | target, at);
  for (let i = 1; i < pointers; i++) pointTo(chain + 2 * (i - 1), chain + 2 * i);
  let count = 1;
  for (let at = chain + 2 * pointers; at + 12 <= message.length; at += 12) {
    pointTo(chain + 2 * (pointers - 1), at);
    message.writeUInt16BE(99, at + 2);
    message.writeUInt16BE(1, at + 4);
    count++;
  }
  message.writeUInt16BE(count, 6);
  assert.equal(parsePacket(message), null);
});

test('thousands of records of a name of 126 labels are read', patience, () => {
  const labels = Buffer.alloc(253);
  for (let at = 0; at < 252; at += 2) labels.write('\x01a', at, 'latin1');
  const count = 4079;
  const head = Buffer.from('000181800001000000000000', 'hex');
  head.writeUInt16BE(count, 6);
  const record = Buffer.from('c00c000100010000003c0004c0000214', 'hex');
  const records = Array.from({ length: count }, () => record);
  const message = Buffer.concat([head, labels, Buffer.from('00010001', 'hex'), ...records]);
  assert.equal(parsePacket(message)?.answers.length, count);
});
