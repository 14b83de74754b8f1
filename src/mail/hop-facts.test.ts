import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  addHeader,
  type FieldPlace,
  findBy,
  type HopContext,
  type HopFacts,
  noHops,
} from './hop-facts.ts';

const by: readonly [value: string, name: string | null][] = [
  [
    ' from a.example (a.example [192.0.2.1]) by mx.example.net (8.17) with ESMTP; Tue',
    'mx.example.net',
  ],
  ['from a.example\n\tby mx.example.net\n\tid 1', 'mx.example.net'],
  ['by mx.example.net (Postfix, from userid 1000)\n\tid 1; Tue', 'mx.example.net'],
  ['BY MX.example.net;Tue', 'MX.example.net'],
  ['from by (evil) by mx.example.net', 'mx.example.net'],
  ['from a (by b.example) by mx.example.net', 'mx.example.net'],
  ['from a (x (by b.example) \\) by c) by mx.example.net', 'mx.example.net'],
  ['from a(comment)by mx.example.net(other)with SMTP', 'mx.example.net'],
  ['(qmail 123 invoked by uid 1000); 5 Sep 2006', null],
  ['from a (never closed by mx.example.net', null],
  ['from a by', null],
  ['from a by ', null],
  ['', null],
];
for (const [value, name] of by)
  test(`Received by: ${JSON.stringify(value)}`, () => assert.equal(findBy(value), name));

const context: HopContext = {
  isOwnName: (name) => name === 'mx.example.net',
  isRecipient: (address) => address === 'ann@example.net',
  trusted: true,
};

function gather(headers: readonly [name: string, value: string][], trusted = true): HopFacts {
  return headers.reduce(
    (facts, [name, value]) =>
      addHeader(facts, Buffer.from(`${name}:${value}`), placeOf(name, value), {
        ...context,
        trusted,
      }),
    noHops,
  );
}

function placeOf(name: string, value: string): FieldPlace {
  const valueStart = Buffer.byteLength(name) + 1;
  return {
    nameLength: valueStart - 1,
    valueStart,
    valueEnd: valueStart + Buffer.byteLength(value),
  };
}

const ours: [string, string] = ['Received', 'from a by mx.example.net; Tue'];
const foreign: [string, string] = ['RECEIVED', 'from b by b.example; Tue'];
const delivered: [string, string] = ['delivered-to', ' ann@example.net '];

test('Received fields are counted, our own apart', () => {
  const { received, ownReceived } = gather([ours, foreign, ['Received-SPF', 'pass'], ours]);
  assert.deepEqual({ received, ownReceived }, { received: 3, ownReceived: 2 });
});

const deliveries: readonly [
  name: string,
  headers: [string, string][],
  trusted: boolean,
  counts: boolean,
][] = [
  ['from ourselves, on top', [delivered], true, true],
  ['from ourselves, below our own hop', [ours, delivered], true, true],
  ['from ourselves, below a foreign hop', [foreign, delivered], true, false],
  ['from a stranger', [ours, delivered], false, false],
  ['of another recipient', [['Delivered-To', 'bob@example.net']], true, false],
];
for (const [name, headers, trusted, counts] of deliveries)
  test(`a Delivered-To ${name} ${counts ? 'counts' : 'does not count'}`, () =>
    assert.equal(gather(headers, trusted).deliveredToRecipient, counts));

test('any header is taken without a throw, and never makes more than one hop', () => {
  const name = fc.oneof(
    fc.constantFrom(...['Received', 'Delivered-To'].map((text) => Buffer.from(text))),
    fc.uint8Array({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(name, fc.uint8Array({ maxLength: 200 }), (field, value) => {
      const bytes = Buffer.concat([field, Buffer.from(':'), value]);
      const place = {
        nameLength: field.length,
        valueStart: field.length + 1,
        valueEnd: bytes.length,
      };
      assert.ok(addHeader(noHops, bytes, place, context).received <= 1);
    }),
  );
});

test('a header of a megabyte costs no more than its beginning', () => {
  const long = '('.repeat(1 << 20);
  const field = Buffer.from(`Received:${long}`);
  assert.equal(addHeader(noHops, field, placeOf('Received', long), context).received, 1);
  const far = `from ${'a'.repeat(1 << 20)} by mx.example.net`;
  const late = Buffer.from(`Received:${far}`);
  assert.equal(addHeader(noHops, late, placeOf('Received', far), context).ownReceived, 0);
});
