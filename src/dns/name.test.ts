import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normalizeDomain } from '../mail/domain.ts';
import { isShownName, type KnownNames, readName, showName, unshowName } from './name.ts';

const cases: readonly [name: string, hex: string, start: number, want: string, end: number][] = [
  ['two labels', '024d58036f726700', 0, 'mx.org', 8],
  ['the root', '00', 0, '', 1],
  ['a pointer', '036f726700024d58c000', 5, 'mx.org', 10],
  ['a pointer alone', '036f726700c000', 5, 'org', 7],
  ['a dot and a backslash', '03612e5c00', 0, 'a\\.\\\\', 5],
  ['bytes that are no text', '0500201b7fff00', 0, '\\000\\032\\027\\127\\255', 7],
  ['UTF-8 is no text either', '02c38400', 0, '\\195\\132', 4],
];
for (const [name, hex, start, want, end] of cases)
  test(`reads: ${name}`, () => {
    assert.deepEqual(readName(Buffer.from(hex, 'hex'), start), { name: want, end });
  });

const broken: readonly [name: string, hex: string][] = [
  ['nothing', ''],
  ['no end', '0161'],
  ['a label that ends after the message', '0561'],
  ['a pointer to itself', 'c000'],
  ['two pointers in a ring', 'c002c000'],
  ['half a pointer', 'c0'],
  ['a pointer to nowhere', 'ffff'],
  ['a label of an unknown kind', '4161'],
  ['more than 255 bytes', `${'3f'.padEnd(128, '61').repeat(4)}00`],
];
for (const [name, hex] of broken)
  test(`no name: ${name}`, () => {
    assert.throws(() => readName(Buffer.from(hex, 'hex'), 0), RangeError);
  });

test('a label with a dot in it is never taken for two labels, nor for a host name', () => {
  const one = readName(Buffer.from('\x0amx.example\x03org\0', 'latin1'), 0).name;
  const two = readName(Buffer.from('\x02mx\x07example\x03org\0', 'latin1'), 0).name;
  assert.equal(two, 'mx.example.org');
  assert.equal(one, 'mx\\.example.org');
  assert.equal(normalizeDomain(one), null);
});

test('any bytes: different names never look alike, and all are printable ASCII', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 5 });
  const wire = (labels: Uint8Array[]) =>
    Buffer.concat([...labels.flatMap((one) => [Buffer.of(one.length), one]), Buffer.of(0)]);
  const lower = (labels: Uint8Array[]) =>
    wire(labels.map((one) => one.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))));
  fc.assert(
    fc.property(fc.array(label), fc.array(label), (a, b) => {
      const shown = readName(wire(a), 0).name;
      assert.match(shown, /^[!-~]*$/);
      assert.equal(shown === readName(wire(b), 0).name, lower(a).equals(lower(b)));
    }),
    { numRuns: 2000 },
  );
});

test('what was read already by its pointer reads the same, and is as long', () => {
  const label = `3f${'61'.repeat(63)}`;
  // Twice 64 bytes and the root; a pointer to it behind one label; and behind two: 257 bytes.
  const message = Buffer.from(`${label}${label}00${label}c000${label}${label}c000`, 'hex');
  const known: KnownNames = new Map();
  const first = readName(message, 129, known);
  assert.deepEqual(first, readName(message, 129));
  assert.deepEqual(first, readName(message, 129, known));
  assert.equal(known.size, 1);
  for (const names of [known, undefined])
    assert.throws(() => readName(message, 195, names), RangeError);
});

test('names in UTF-8 are shown as they are read, and asked for as they were written', () => {
  for (const name of ['bücher.example', 'mail.ÄÖ.example', '例え.example', 'plain.example']) {
    const shown = showName(name);
    const labels = name.split('.').map((label) => Buffer.from(label));
    const wire = labels.flatMap((label) => [Buffer.of(label.length), label]);
    assert.equal(shown, readName(Buffer.concat([...wire, Buffer.of(0)]), 0).name);
    assert.equal(isShownName(shown), shown.includes('\\'));
    assert.equal(unshowName(shown), name);
  }
  const tooLong = `${'\\195'.repeat(64)}.example`;
  for (const odd of ['', 'a..b', 'a b', 'a\\.b', 'a\\19', 'a?b', tooLong, 'a.'.repeat(127)])
    assert.ok(!isShownName(odd), odd);
});
