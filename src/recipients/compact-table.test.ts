import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CompactTable, createCompactTableBuilder } from './compact-table.ts';

function build(entries: readonly (readonly [string, string])[]): CompactTable {
  const builder = createCompactTableBuilder();
  for (const [key, value] of entries) builder.add(key, value);
  const building = builder.build();
  for (;;) {
    const step = building.next();
    if (step.done) return step.value;
  }
}

test('a table holds what a Map would hold, the first of equal keys', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), fc.array(text), (entries, others) => {
      const wanted = new Map([...entries].reverse());
      const table = build(entries);
      assert.equal(table.size, wanted.size);
      for (const key of [...wanted.keys(), ...others]) {
        const entry = table.find(key);
        const value = wanted.get(key);
        assert.equal(entry < 0 ? undefined : table.valueOf(entry), value);
        if (entry >= 0) assert.equal(table.firstOctet(entry), Buffer.from(value ?? '')[0] ?? 0);
      }
    }),
  );
});

test('a hundred thousand addresses are found again, and no other', () => {
  const entries = Array.from({ length: 100_000 }, (_, i) => [`user${i}@seaton.biz`, ''] as const);
  const table = build(entries);
  assert.equal(table.size, 100_000);
  assert.ok(entries.every(([key]) => table.find(key) >= 0));
  assert.equal(table.find('user100000@seaton.biz'), -1);
});
