import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { mostTexts, Tally } from './ranking.ts';

function count(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function tallyOf(texts: readonly string[], limit?: number): Tally {
  const tally = new Tally(limit);
  for (const text of texts) tally.add(text);
  return tally;
}

/** Few texts often, many seldom, in any order. */
const floods = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 300 })).map(String),
  { maxLength: 3000 },
);

test('up to the limit every count is right', () => {
  fc.assert(
    fc.property(floods, (texts) => {
      const counts = count(texts);
      const { distinct, isExact, top } = tallyOf(texts).ranking();
      const expected = [...counts]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, 10)
        .map(([text, times]) => ({ text, count: times }));
      assert.deepEqual(
        { distinct, isExact, top },
        { distinct: counts.size, isExact: true, top: expected },
      );
    }),
  );
});

function assertBounds(tally: Tally, texts: readonly string[], limit: number): void {
  const counts = count(texts);
  const { distinct, isExact, top } = tally.ranking();
  assert.ok(tally.size <= limit);
  assert.ok(tally.error <= texts.length / (limit / 2), `${tally.error}`);
  assert.ok(distinct <= counts.size);
  if (isExact) assert.equal(distinct, counts.size);
  for (const { text, count: told } of top) {
    const real = counts.get(text) ?? 0;
    assert.ok(told <= real && real <= told + tally.error, `${text}: ${told} of ${real}`);
  }
  // Who comes more often than the error is never lost.
  const least = top.length < 10 ? 0 : (top.at(-1)?.count ?? 0);
  for (const [text, real] of counts)
    if (real > tally.error + least)
      assert.ok(
        top.some((one) => one.text === text),
        text,
      );
}

test('beyond the limit no count is too high, and none lacks more than the known error', () => {
  fc.assert(
    fc.property(floods, fc.integer({ min: 4, max: 40 }), (texts, half) =>
      assertBounds(tallyOf(texts, 2 * half), texts, 2 * half),
    ),
  );
});

test('so it is where two are put together', () => {
  fc.assert(
    fc.property(floods, floods, fc.integer({ min: 4, max: 200 }), (one, other, half) => {
      const tally = tallyOf(one, 2 * half);
      tally.addAll(tallyOf(other, 2 * half).state);
      const all = [...one, ...other];
      assert.ok(tally.size <= 2 * half);
      const counts = count(all);
      const { distinct, top } = tally.ranking();
      assert.ok(distinct <= counts.size);
      for (const { text, count: told } of top) {
        const real = counts.get(text) ?? 0;
        assert.ok(told <= real && real <= told + tally.error, `${text}: ${told} of ${real}`);
      }
    }),
  );
});

test('a flood of inventions hides nobody, and takes no more room', () => {
  const tally = new Tally();
  for (let i = 0; i < 200_000; i++) {
    tally.add(`invented-${i}@site-${i % 7}.example`);
    if (i % 100 === 0) tally.add('nicholas@seaton.biz');
  }
  const { distinct, isExact, top } = tally.ranking();
  assert.equal(isExact, false);
  assert.ok(tally.size <= mostTexts);
  assert.equal(top[0]?.text, 'nicholas@seaton.biz');
  assert.ok((top[0]?.count ?? 0) > 1700, `${top[0]?.count}`);
  assert.ok(distinct > 120_000 && distinct <= 200_001, `${distinct}`);
});

test('a text without an end is cut', () => {
  const tally = tallyOf(['x'.repeat(1_000_000), 'x'.repeat(2_000_000)]);
  assert.deepEqual(tally.ranking().top, [{ text: 'x'.repeat(320), count: 2 }]);
});

test('what was counted elsewhere makes a ranking inexact', () => {
  const part = tallyOf(['a']);
  part.markIncomplete();
  const whole = tallyOf(['a', 'b']);
  whole.addAll(part.state);
  const top = [
    { text: 'a', count: 2 },
    { text: 'b', count: 1 },
  ];
  assert.deepEqual(whole.ranking(), { distinct: 2, isExact: false, top });
});
