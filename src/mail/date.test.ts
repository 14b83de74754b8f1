import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDate } from './date.ts';

const cases: readonly [time: number, text: string][] = [
  [Date.UTC(2026, 10, 22, 18, 35, 37), 'Sun, 22 Nov 2026 18:35:37 +0000'],
  [Date.UTC(2006, 8, 5, 3, 4, 5, 999), 'Tue, 5 Sep 2006 03:04:05 +0000'],
  [Date.UTC(2028, 1, 29), 'Tue, 29 Feb 2028 00:00:00 +0000'],
];
for (const [time, text] of cases)
  test(`a mail of that second is dated ${text}`, () => assert.equal(formatDate(time), text));
