import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatQueueId, nextQueueId, parseQueueId, queueIdTime } from './queue-id.ts';

const now = Date.UTC(2026, 10, 22);

test('every name reads back as its number', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (id) => {
      const text = formatQueueId(id);
      assert.equal(text.length, 11);
      assert.equal(parseQueueId(text), id);
    }),
  );
});

test('numbers grow, whatever the clock does', () => {
  const first = nextQueueId(0, now);
  const second = nextQueueId(first, now);
  const third = nextQueueId(second, now - 3_600_000);
  assert.deepEqual([second - first, third - second], [1, 1]);
});

test('a number tells when it was given', () => {
  const now = Date.UTC(2026, 10, 22);
  const id = nextQueueId(0, now);
  assert.equal(queueIdTime(id), now);
  assert.equal(queueIdTime(nextQueueId(id, now)), now);
});

test('numbers of later years still fit', () => {
  assert.ok(Number.isSafeInteger(nextQueueId(0, Date.UTC(2094, 0, 1))));
});

for (const text of [
  '',
  'a',
  '0000000000',
  '000000000000',
  'zzzzzzzzzzz',
  '0000000000a',
  '../../../..',
])
  test(`"${text}" is no name`, () => assert.equal(parseQueueId(text), null));
