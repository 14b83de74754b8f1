import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { hashText } from '../../mail/text-hash.ts';
import { DistinctCounter, mostExact } from './distinct-counter.ts';

function counterOf(names: Iterable<string>): DistinctCounter {
  const counter = new DistinctCounter();
  for (const name of names) counter.add(hashText(name));
  return counter;
}

function* numbered(count: number, prefix = 'name'): Generator<string> {
  for (let i = 0; i < count; i++) yield `${prefix}-${i}@example.org`;
}

test('few are counted exactly, however often they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: mostExact }).map(String)), (names) => {
      assert.equal(counterOf(names).count, new Set(names).size);
    }),
  );
});

for (const count of [33, 100, 500, 1000, 2000, 10_000, 100_000, 1_000_000])
  test(`${count} are estimated within three standard errors`, () => {
    const { count: told } = counterOf(numbered(count));
    assert.ok(Math.abs(told - count) < 3 * 0.046 * count, `${told}`);
  });

test('two added up are as one that saw everything', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.nat(2000), (one, other) => {
      const both = counterOf(numbered(one));
      both.addAll(counterOf(numbered(other, 'other')));
      assert.equal(both.count, counterOf([...numbered(one), ...numbered(other, 'other')]).count);
    }),
    { numRuns: 30 },
  );
});

test('it can begin with what was counted elsewhere', () => {
  const counter = counterOf(numbered(10));
  counter.startAt(500);
  assert.equal(counter.count, 500);
});
