import assert from 'node:assert/strict';
import test from 'node:test';
import { createNoticeCounts } from './notice-counts.ts';

const minute = 60_000;

test('what went out is counted for an hour, for each sender and for all', () => {
  let now = 0;
  const counts = createNoticeCounts(() => now);
  counts.add('Ann@example.org');
  counts.add('ann@example.org');
  counts.add('bob@example.org');
  assert.deepEqual([counts.toSender('ann@EXAMPLE.org'), counts.toAll()], [2, 3]);
  now = 55 * minute;
  counts.add('ann@example.org');
  assert.deepEqual([counts.toSender('ann@example.org'), counts.toAll()], [3, 4]);
  now = 60 * minute;
  assert.deepEqual([counts.toSender('ann@example.org'), counts.toAll()], [1, 1]);
  now = 200 * minute;
  assert.deepEqual([counts.toSender('ann@example.org'), counts.toAll()], [0, 0]);
});

test('what was not written after all is not counted, nor is the one before it lost', () => {
  let now = 0;
  const counts = createNoticeCounts(() => now);
  counts.add('ann@example.org');
  now = 10 * minute;
  counts.remove('ann@example.org');
  counts.remove('ann@example.org');
  assert.deepEqual([counts.toSender('ann@example.org'), counts.toAll()], [0, 0]);
});

test('a clock that is set back loses no count for good', () => {
  let now = 100 * minute;
  const counts = createNoticeCounts(() => now);
  counts.add('ann@example.org');
  now = 10 * minute;
  counts.add('ann@example.org');
  assert.ok(counts.toSender('ann@example.org') >= 1);
});

test('a million senders are no reason to remember them all', () => {
  let now = 0;
  const counts = createNoticeCounts(() => now);
  for (let n = 0; n < 200_000; n++) {
    counts.add(`n${n}@example.org`);
    if (n % 50_000 === 0) now += 5 * minute;
  }
  assert.equal(counts.toAll(), 200_000);
});

test('what was not written after all is taken back of the sum, however many senders there are', () => {
  const counts = createNoticeCounts(() => 0);
  for (let n = 0; n < 100_010; n++) counts.add(`n${n}@example.org`);
  for (let n = 0; n < 100_010; n++) counts.remove(`n${n}@example.org`);
  assert.equal(counts.toAll(), 0);
});
