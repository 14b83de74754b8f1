import assert from 'node:assert/strict';
import test from 'node:test';
import { backOff, defaultRetrySchedule, nextAttemptAt } from './retry.ts';

const minute = 60_000;
const never = Number.POSITIVE_INFINITY;

test('the waits grow to four hours, and stay there', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map(
    (attempts) => nextAttemptAt(defaultRetrySchedule, attempts, 0, never, 0.5) / minute,
  );
  assert.deepEqual(waits, [5, 10, 20, 40, 60, 120, 240, 240, 240]);
});

test('jitter spreads a wait by a fifth to either side', () => {
  assert.equal(nextAttemptAt(defaultRetrySchedule, 2, 0, never, 0), 8 * minute);
  assert.equal(nextAttemptAt(defaultRetrySchedule, 2, 0, never, 1), 12 * minute);
});

test('the last attempt is made at the very end, not hours after it', () => {
  const wait = nextAttemptAt(defaultRetrySchedule, 9, 0, 30 * minute, 0.5);
  assert.equal(wait, 30 * minute);
});

test('what is still undecided after its end has a later attempt', () => {
  assert.equal(nextAttemptAt(defaultRetrySchedule, 1, 1000, 500, 0.5), 1000 + 5 * minute);
});

test('a back-off doubles up to its limit', () => {
  const pauses = [1, 2, 3, 10, 5000].map((failures) => backOff(failures, 5, 1800));
  assert.deepEqual(pauses, [5, 10, 20, 1800, 1800]);
});
