import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { idFor, isQueueId, isTemporaryName, pathOfId, timeOfId } from './queue-id.ts';

const ids: readonly [id: string, time: string | null, folders: string][] = [
  ['A55D869', 'A55D8', 'A/5'],
  ['0447662', '04476', '0/4'],
  // Of long names it is the microseconds, in hexadecimal, as the real server puts them.
  ['4jXjsv49smz1W', '4jXjsv49smz', '8/F'],
  ['4jXjsv4hhMz1t', '4jXjsv4hhMz', 'A/1'],
  ['4jXjsx55rYz27', '4jXjsx55rYz', 'A/F'],
  ['notes', null, 'n/o'],
  ['A1', null, 'A/1'],
];
for (const [id, time, folders] of ids)
  test(`the time and the folders of ${id}`, () => {
    assert.equal(timeOfId(id), time);
    const hashing = { queues: new Set(['deferred']), depth: 2 };
    assert.equal(pathOfId('deferred', id, hashing), `deferred/${folders}/${id}`);
    assert.equal(pathOfId('hold', id, hashing), `hold/${id}`);
  });

test('folders deeper than a name is long', () => {
  const hashing = { queues: new Set(['hold']), depth: 4 };
  assert.equal(pathOfId('hold', 'AB', hashing), 'hold/A/B/_/_/AB');
});

const inodes: readonly [time: string, inode: bigint, id: string][] = [
  ['A55D8', 0x69n, 'A55D869'],
  ['4jXjsv49smz', 78n, '4jXjsv49smz1W'],
  ['4jXjsv49smz', 51n, '4jXjsv49smz10'],
  ['A55D8', 2n ** 63n, 'A55D88000000000000000'],
];
for (const [time, inode, id] of inodes)
  test(`the name of inode ${inode} and time ${time}`, () => assert.equal(idFor(time, inode), id));

test('a name that is made has its time again, and never a z of its own', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('A55D8', '4jXjsv49smz'),
      fc.bigInt({ min: 1n, max: 2n ** 64n }),
      (time, inode) => {
        const id = idFor(time, inode);
        assert.equal(timeOfId(id), time);
        assert.ok(isQueueId(id));
      },
    ),
  );
});

test('what is no name of a queue file', () => {
  for (const name of ['', '.', '..', 'A', 'a.b', 'a/b', '../x', 'a b', 'a\n', `${'a'.repeat(256)}`])
    assert.equal(isQueueId(name), false, name);
  assert.ok(isTemporaryName('123456.789'));
  assert.ok(!isTemporaryName('123456.789.1'));
});
