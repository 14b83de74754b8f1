import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HeavyHitters } from './heavy-hitters.ts';
import { namesOf } from './named.ts';

const named = namesOf(0);

/** Few names often, many seldom, in any order. */
const names = fc.array(fc.oneof(fc.nat(5), fc.nat(300)).map(String), { maxLength: 3000 });

function countAll(all: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of all) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function hittersOf(all: readonly string[], limit: number): HeavyHitters {
  const hitters = new HeavyHitters(limit);
  for (const name of all) hitters.add(named(name));
  return hitters;
}

test('up to the limit every count is right', () => {
  fc.assert(
    fc.property(names, (all) => {
      const counts = countAll(all);
      const top = hittersOf(all, 1000).top(5);
      assert.deepEqual(
        top.map(({ count }) => count),
        [...counts.values()].sort((a, b) => b - a).slice(0, 5),
      );
      for (const one of top) assert.equal(one.count, counts.get(one.named.name));
    }),
  );
});

test('beyond it no count is too high, none lacks more than the error, and memory is bounded', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 2, max: 40 }), (all, limit) => {
      const hitters = hittersOf(all, limit);
      assert.ok(hitters.size <= limit);
      assert.ok(hitters.error <= (2 * all.length) / limit, `${hitters.error}`);
      for (const [name, real] of countAll(all)) {
        const told = hitters.countOf(named(name));
        assert.ok(told <= real && real <= told + hitters.error, `${name}: ${told} of ${real}`);
      }
    }),
  );
});

test('of what was counted here and there, the larger count remains', () => {
  const one = hittersOf(['a', 'a', 'b'], 10);
  one.join(hittersOf(['a', 'b', 'b', 'c'], 10));
  const top = one.top(3).map(({ named: { name }, count }) => [name, count]);
  assert.deepEqual(top, [
    ['a', 2],
    ['b', 2],
    ['c', 1],
  ]);
});
