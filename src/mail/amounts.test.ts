import assert from 'node:assert/strict';
import test from 'node:test';
import {
  formatCount,
  formatDuration,
  formatLocalTime,
  formatNumber,
  formatSize,
} from './amounts.ts';

const durations: readonly [ms: number, text: string][] = [
  [0, '0 s'],
  [340, '0.3 s'],
  [2000, '2 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [65_000, '1 min 5 s'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
];
for (const [ms, text] of durations)
  test(`${ms} ms are ${text}`, () => assert.equal(formatDuration(ms), text));

test('numbers are grouped', () => assert.equal(formatNumber(1_234_567), '1,234,567'));

test('counts agree with their words', () => {
  assert.equal(formatCount(1, 'message'), '1 message');
  assert.equal(formatCount(0, 'message'), '0 messages');
  assert.equal(formatCount(4312, 'entry', 'entries'), '4,312 entries');
});

const sizes: readonly [octets: number, text: string][] = [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 KB'],
  [4300, '4.2 KB'],
  [52_428_800, '50 MB'],
  [5_000_000_000_000, '4,657 GB'],
];
for (const [octets, text] of sizes)
  test(`${octets} octets are ${text}`, () => assert.equal(formatSize(octets), text));

test('times are local ones', () => {
  const at = new Date(2006, 8, 5, 14, 3, 7).getTime();
  assert.equal(formatLocalTime(at), '2006-09-05 14:03:07');
  const early = new Date(2006, 0, 1);
  early.setFullYear(1);
  assert.equal(formatLocalTime(early.getTime()), '0001-01-01 00:00:00');
});
