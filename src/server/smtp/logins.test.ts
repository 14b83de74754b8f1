import assert from 'node:assert/strict';
import test from 'node:test';
import { createLogins, hashPassword, parsePasswordHash } from './logins.ts';

const hash = await hashPassword('a secret');
const cheap = 'scrypt$16$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==';

test('a password and its hash', async () => {
  const logins = createLogins([['ann', hash]]);
  assert.equal(await logins.verify('ann', 'a secret'), 'granted');
  assert.equal(await logins.verify('ann', 'a secret '), 'denied');
  assert.equal(await logins.verify('ann', ''), 'denied');
  assert.equal(await logins.verify('Ann', 'a secret'), 'denied');
  assert.equal(await logins.verify('', ''), 'denied');
  assert.equal(await logins.verify('ann', 'x'.repeat(1_000_000)), 'denied');
});

test('the same password has another hash each time', async () => {
  assert.match(hash, /^scrypt\$32768\$8\$1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$/);
  assert.notEqual(await hashPassword('a secret'), hash);
});

test('composed and decomposed letters are the same password', async () => {
  const logins = createLogins([['ann', await hashPassword('ü')]]);
  assert.equal(await logins.verify('ann', 'u\u0308'), 'granted');
});

test('so many logins wait, the others are told', async () => {
  const logins = createLogins([['ann', cheap]], { parallel: 1, waiting: 2 });
  const found = await Promise.all([1, 2, 3, 4].map(() => logins.verify('ann', 'x')));
  assert.deepEqual(found, ['denied', 'denied', 'denied', 'busy']);
  assert.equal(await logins.verify('ann', 'x'), 'denied');
});

const bad = [
  '',
  'a secret',
  'scrypt$16$1$1$c2FsdHNhbHQ=',
  'scrypt$17$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
  'scrypt$16777216$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
  'scrypt$16$1$1$c2E=$AAAAAAAAAAAAAAAAAAAAAA==',
  'scrypt$16$1$1$c2FsdHNhbHQ=$AAAA',
];
for (const text of bad)
  test(`${JSON.stringify(text)} is no hash`, () => {
    assert.equal(parsePasswordHash(text), null);
    assert.throws(() => createLogins([['ann', text]]), /password of ann/);
  });
