import assert from 'node:assert/strict';
import test from 'node:test';
import { createConnectionPool, type Pooled } from './connection-pool.ts';

interface Fake extends Pooled {
  isOpen: boolean;
  quits: number;
  rested: number;
  go: () => void;
}

function fake(): Fake {
  const connection: Fake = {
    isOpen: true,
    quits: 0,
    rested: 0,
    go: () => {},
    rest(ms, onGone) {
      connection.rested = ms;
      connection.go = onGone;
    },
    async quit() {
      connection.isOpen = false;
      connection.quits++;
    },
  };
  return connection;
}

const limits = { idleTimeout: 1000, perServer: 2, inAll: 3 };

test('the one used last is taken first, and only for its own server', () => {
  const pool = createConnectionPool<Fake>(limits);
  const [first, second, other] = [fake(), fake(), fake()];
  pool.give('a', first);
  pool.give('a', second);
  pool.give('b', other);
  assert.equal(pool.take('a'), second);
  assert.equal(pool.take('a'), first);
  assert.equal(pool.take('a'), null);
  assert.equal(pool.take('b'), other);
  assert.equal(first.rested, 1000);
});

test('one that ends while it waits is gone, and makes room', () => {
  const pool = createConnectionPool<Fake>(limits);
  const [first, second, third] = [fake(), fake(), fake()];
  pool.give('a', first);
  pool.give('a', second);
  second.isOpen = false;
  second.go();
  pool.give('a', third);
  assert.equal(third.quits, 0);
  assert.equal(pool.take('a'), third);
  assert.equal(pool.take('a'), first);
});

test('those over the limits say goodbye', () => {
  const pool = createConnectionPool<Fake>(limits);
  const all = [fake(), fake(), fake(), fake(), fake()];
  for (const [i, connection] of all.entries()) pool.give(i < 3 ? 'a' : 'b', connection);
  assert.deepEqual(
    all.map(({ quits }) => quits),
    [0, 0, 1, 0, 1],
  );
});

test('closing ends those who wait, and those who come back', async () => {
  const pool = createConnectionPool<Fake>(limits);
  const [waiting, late] = [fake(), fake()];
  pool.give('a', waiting);
  await pool.close();
  pool.give('a', late);
  assert.deepEqual([waiting.quits, late.quits], [1, 1]);
  assert.equal(pool.take('a'), null);
});
