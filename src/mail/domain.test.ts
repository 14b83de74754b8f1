import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isLocalhost, looksLikeIPv4, normalizeDomain } from './domain.ts';

const cases: readonly [text: string, want: string | null][] = [
  ['example.org', 'example.org'],
  ['EXAMPLE.org.', 'example.org'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['_dmarc.example.org', '_dmarc.example.org'],
  ['com', 'com'],
  ['', null],
  ['.', null],
  ['a..b', null],
  ['.example.org', null],
  ['example.org..', null],
  ['127.0.0.1', null],
  ['0127.0.0.1', null],
  ['2130706433', null],
  ['0x7f.1', null],
  ['a b.example', null],
  ['example.org/path', null],
  ['example.org?query', null],
  ['example.org#part', null],
  ['mx\\.example.org', null],
  ['%65xample.org', null],
  ['example\t.org', null],
  ['example.org\n', null],
  ['a\u0000b.example', null],
  [`${'a'.repeat(64)}.example`, null],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  [`${'abcdefgh.'.repeat(29)}example`, null],
];
for (const [text, want] of cases)
  test(`${JSON.stringify(text.slice(0, 70))} is ${want?.slice(0, 70) ?? 'no domain'}`, () =>
    assert.equal(normalizeDomain(text), want));

test('normalizing twice changes nothing, and the result is plain', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain()), (text) => {
      const name = normalizeDomain(text);
      if (name === null) return;
      assert.equal(normalizeDomain(name), name);
      assert.match(name, /^[a-z0-9_.-]{1,253}$/);
    }),
  );
});

test('odd spellings of addresses are recognised', () => {
  for (const name of [
    '127.0.0.1',
    '0127.0.0.1',
    '2130706433',
    '0x7f000001',
    '127.1',
    '0x7f.0.0.1.',
  ])
    assert.ok(looksLikeIPv4(name), name);
  for (const name of ['a1', '1.example', 'x.0a', 'mail.127.example'])
    assert.ok(!looksLikeIPv4(name), name);
});

test('localhost is found in any case, with a dot, and below itself', () => {
  for (const name of ['localhost', 'LocalHost.', 'mail.localhost'])
    assert.ok(isLocalhost(name), name);
  for (const name of ['localhost.example', 'mylocalhost']) assert.ok(!isLocalhost(name), name);
});
