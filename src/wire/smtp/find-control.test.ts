import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findControl } from './find-control.ts';

test('CR, LF and NUL are found wherever they are, and nothing else is', () => {
  const octet = fc.oneof(
    { weight: 20, arbitrary: fc.nat(255) },
    { weight: 1, arbitrary: fc.constantFrom(0, 10, 13) },
  );
  const text = fc.array(octet, { maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(8), fc.nat(60), fc.nat(60), (octets, offset, from, length) => {
      // Any alignment; what lies around it must not be found.
      const memory = Buffer.from(new ArrayBuffer(80));
      const bytes = memory.subarray(offset, offset + octets.length);
      bytes.set(octets);
      const start = Math.min(from, bytes.length);
      const end = Math.min(start + length, bytes.length);
      const first = octets.slice(start, end).findIndex((code) => [0, 10, 13].includes(code));
      assert.equal(findControl(bytes, start, end), first < 0 ? end : start + first);
    }),
    { numRuns: 5000 },
  );
});

test('memory is never mistaken for other memory', () => {
  const two = [Buffer.from(new ArrayBuffer(16)), Buffer.from(new ArrayBuffer(16))] as const;
  for (const bytes of two) bytes.fill('x');
  two[1][9] = 10;
  assert.deepEqual(
    [0, 1, 0].map((i) => findControl(two[i === 0 ? 0 : 1], 0, 16)),
    [16, 9, 16],
  );
});
