import assert from 'node:assert/strict';
import test from 'node:test';
import { createCache } from './cache.ts';

interface Value {
  readonly until: number;
  readonly weight?: number;
}
const weigh = ({ weight = 1 }: Value) => weight;
const forever: Value = { until: Number.POSITIVE_INFINITY };

test('what is remembered is found until its moment', () => {
  const cache = createCache<Value>(10);
  cache.set('a', { until: 100 });
  assert.ok(cache.get('a', 99));
  assert.equal(cache.get('a', 100), undefined);
  assert.equal(cache.get('b', 0), undefined);
});

test('a flood of keys stays within the capacity, and what is in use stays', () => {
  const cache = createCache<Value>(1000);
  cache.set('in use', forever);
  for (let i = 0; i < 100_000; i++) {
    cache.set(`flood ${i}`, forever);
    if (i % 100 === 0) assert.ok(cache.get('in use', 0), `after ${i}`);
  }
  assert.ok(cache.size <= 1000, String(cache.size));
});

test('heavy entries take the room of many, and too heavy ones are not kept at all', () => {
  const cache = createCache(100, weigh);
  for (let i = 0; i < 1000; i++) cache.set(`heavy ${i}`, { ...forever, weight: 10 });
  assert.ok(cache.size <= 10, String(cache.size));
  cache.set('too heavy', { ...forever, weight: 51 });
  assert.equal(cache.get('too heavy', 0), undefined);
});

test('a heavy entry keeps its weight when it moves to the young generation', () => {
  const cache = createCache(100, weigh);
  for (let i = 0; i < 200; i++) {
    cache.set(`heavy ${i}`, { ...forever, weight: 10 });
    for (let j = 0; j <= i; j++) cache.get(`heavy ${j}`, 0);
  }
  assert.ok(cache.size <= 10, String(cache.size));
});

test('to say the same again does not use up room', () => {
  const cache = createCache<Value>(10);
  cache.set('other', forever);
  for (let i = 0; i < 100; i++) cache.set('same', forever);
  assert.ok(cache.get('other', 0));
});
