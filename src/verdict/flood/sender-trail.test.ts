import assert from 'node:assert/strict';
import test from 'node:test';
import { namesOf } from './named.ts';
import { SenderTrail } from './sender-trail.ts';
import { createSee } from './sight.ts';

const seed = 7;
const nameText = namesOf(seed);
const see = createSee(seed);

function add(trail: SenderTrail, reversePath: string, at: number): void {
  const whose = { client: null, connection: null, reversePath, forwardPath: null };
  trail.add(
    nameText(reversePath),
    see({ kind: 'received', at, ...whose, bytes: 1, recipients: 1 }, at),
  );
}

function takenFrom(trail: SenderTrail, path: string, since = 0): number[] {
  return trail.take(nameText(path), since).map(({ at }) => at);
}

test('what one sender did comes back in its order, among others', () => {
  const trail = new SenderTrail(64);
  for (let at = 1; at <= 30; at++)
    add(trail, at % 3 === 0 ? 'Ann@a.example' : `b${at}@b.example`, at);
  assert.deepEqual(takenFrom(trail, 'ann@a.example', 20), [21, 24, 27, 30]);
  assert.deepEqual(takenFrom(trail, 'ann@a.example'), [3, 6, 9, 12, 15, 18], 'each of them once');
  add(trail, 'ann@a.example', 31);
  assert.deepEqual(takenFrom(trail, 'ann@a.example'), [31]);
  assert.deepEqual(takenFrom(trail, 'nobody@b.example'), []);
});

test('senders that share a place are told apart, and what is older than the ring is forgotten', () => {
  const trail = new SenderTrail(4);
  for (let at = 1; at <= 20; at++) add(trail, at % 2 === 0 ? 'ann@a.example' : 'bob@b.example', at);
  assert.deepEqual(takenFrom(trail, 'ann@a.example'), [18, 20]);
  assert.deepEqual(takenFrom(trail, 'bob@b.example'), [17, 19]);
});

test('of a place that is full of another sender only the newest are looked through', () => {
  const trail = new SenderTrail(1024);
  const ann = nameText('ann@a.example');
  let number = 0;
  while ((nameText(`b${number}@b.example`).hash & 1023) !== (ann.hash & 1023)) number++;
  const other = `b${number}@b.example`;
  const fill = (count: number, at: number) => {
    add(trail, 'ann@a.example', at);
    for (let n = 0; n < count; n++) add(trail, other, at);
  };
  fill(20, 1);
  assert.deepEqual(takenFrom(trail, 'ann@a.example'), [1]);
  fill(500, 2);
  assert.deepEqual(takenFrom(trail, 'ann@a.example'), []);
  assert.equal(takenFrom(trail, other).length, 520);
});
