import assert from 'node:assert/strict';
import test from 'node:test';
import { exampleReceipt } from '../../test/store/journal-suite.ts';
import { createWouldTally } from './would.ts';

const limits = { subjects: 100, parts: 2, samples: 2 };

test('the largest kinds first, and in them the largest domains, with a few samples', () => {
  const tally = createWouldTally(limits);
  const mailbox = { check: 'mailbox', reason: 'mailbox-unknown', enforced: false } as const;
  tally.add(
    exampleReceipt({ count: 2, from: 20, until: 30, enforced: false, domain: 'b.example' }),
  );
  for (const [domain, forwardPath, count, from] of [
    ['c.example', 'x@c.example', 1, 5],
    ['a.example', 'x@a.example', 3, 10],
    ['a.example', 'x@a.example', 1, 1],
    ['a.example', 'y@a.example', 1, 12],
    ['a.example', 'z@a.example', 1, 13],
    [null, 'z', 2, 13],
  ] as const)
    tally.add(exampleReceipt({ ...mailbox, domain, forwardPath, count, from, until: from + 1 }));
  const [first, second] = tally.groups();
  assert.deepEqual([first?.check, first?.count, first?.from, first?.until], ['mailbox', 9, 1, 14]);
  assert.deepEqual(first?.parts, [
    { subject: 'a.example', count: 6, from: 1, until: 14, samples: ['x@a.example', 'y@a.example'] },
    { subject: '192.0.2.7', count: 2, from: 13, until: 14, samples: ['z'] },
  ]);
  assert.deepEqual(first?.rest, { count: 1, subjects: 1 });
  assert.deepEqual([second?.check, second?.count], ['sender', 2]);
  assert.deepEqual(second?.parts[0]?.samples, ['nicholas@seaton.biz']);
});

test('however many domains there are, memory is bounded and the counts are right', () => {
  const tally = createWouldTally(limits);
  for (let i = 0; i < 1000; i++) tally.add(exampleReceipt({ domain: `d${i}.example`, count: 2 }));
  for (let i = 0; i < 50; i++) tally.add(exampleReceipt({ domain: 'late.example', count: 5 }));
  const [group] = tally.groups();
  assert.equal(group?.count, 2250);
  assert.deepEqual([group?.parts[0]?.subject, group?.parts[0]?.count], ['late.example', 250]);
  assert.deepEqual(group?.rest, { count: 1998, subjects: null });
});
