import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDestination } from '../mail/destination.ts';
import { hostedDomainsOf } from './hosted-domains.ts';
import { parseConfig } from './read.ts';

const home = { hostName: 'Mx.Example.', user: 'ann', folder: '/data' };
const hosted = (text: string, more: Partial<typeof home> = {}) =>
  hostedDomainsOf(parseConfig(Buffer.from(text), 'x.toml'), { ...home, ...more });
const mailboxes = (more: Partial<typeof home> = {}) =>
  hosted('', more).flatMap(({ name, mailboxes: [first] }) => `${first}@${name}`);

test('without a word about domains, the user has mail at the host name and at localhost', () => {
  assert.deepEqual(mailboxes(), ['ann@mx.example', 'ann@localhost']);
  assert.deepEqual(mailboxes({ hostName: 'localhost' }), ['ann@localhost']);
  assert.deepEqual(mailboxes({ hostName: 'no name' }), ['ann@localhost']);
  assert.deepEqual(mailboxes({ hostName: '', user: 'DOMAIN\\ann' }), ['postmaster@localhost']);
});

test('a domain that does not say otherwise has Maildirs in the folder of the store', () => {
  const [first] = hosted('[[domains]]\nname = "a.example"\nmailboxes = ["ann"]');
  assert.ok(first);
  assert.equal(formatDestination(first.destination), 'maildir:/data/mail/{domain}/{mailbox}');
});

const verified: readonly [rest: string, want: 'none' | 'backend'][] = [
  ['deliver = "smtp:10.0.0.5"', 'backend'],
  ['deliver = "smtp:10.0.0.5"\naliases.info = "ann"', 'backend'],
  ['deliver = "smtp:10.0.0.5"\nmailboxes = ["ann"]', 'none'],
  ['deliver = "smtp:10.0.0.5"\nmailboxes = ["ann"]\nverify = "backend"', 'backend'],
  ['deliver = "lmtp:/run/lmtp"\nmaps = ["passwd:/etc/passwd"]', 'none'],
  ['deliver = "smtp:10.0.0.5"\ncatchAll = "*"', 'none'],
  ['mailboxes = ["ann"]', 'none'],
];
test('the server behind is asked where nothing else tells who exists', () => {
  for (const [rest, want] of verified) {
    const [first] = hosted(`[[domains]]\nname = "a.example"\n${rest}`);
    assert.equal(first?.verify, want, rest);
  }
});
