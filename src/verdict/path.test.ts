import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDomain } from '../mail/address.ts';
import { judgeAddress } from './path.ts';
import { defaultRoutePolicy } from './route-policy.ts';

const seaton = { mailer: 'esmtp', host: 'seaton.biz.', address: 'nicholas@seaton.biz.' };

/** Seen on sendmail 8.17.1.9: all of these go to seaton.biz by its MX. */
const disguises = [
  'nicholas@seaton.biz',
  'nicholas%seaton.biz',
  'seaton.biz!nicholas',
  '"nicholas%seaton.biz"',
  'nicholas%seaton.biz@own.example',
  '<nicholas%seaton.biz@[192.0.2.10]>',
];
for (const typed of disguises)
  test(`however it is spelled, the domain that the mail server would go to is judged: ${typed}`, () => {
    for (const role of ['sender', 'recipient', 'notice'] as const) {
      const verdict = judgeAddress(role, typed, seaton, defaultRoutePolicy);
      assert.equal(verdict.kind === 'ask' && formatDomain(verdict.domain), 'seaton.biz');
    }
  });

test('quotes around a whole address pass at no door', () => {
  const judged = (hop: typeof seaton | null) =>
    judgeAddress('sender', '"nicholas@seaton.biz"', hop, defaultRoutePolicy);
  for (const hop of [seaton, null]) {
    const verdict = judged(hop);
    assert.ok(verdict.kind === 'ask' || verdict.verdict.action === 'refuse');
  }
});

test('a next hop that is no domain name is nowhere to go', () => {
  const hop = { mailer: 'esmtp', host: '[seaton.biz]', address: 'nicholas@[seaton.biz]' };
  const verdict = judgeAddress('notice', 'nicholas%[seaton.biz]', hop, defaultRoutePolicy);
  assert.equal(verdict.kind === 'judged' && verdict.verdict.action, 'discard');
});

test('a mailbox of our own passes, percent and all', () => {
  const hop = { mailer: 'local', host: '', address: 'ann%home' };
  const verdict = judgeAddress('recipient', 'ann%home', hop, defaultRoutePolicy);
  assert.equal(verdict.kind === 'judged' && verdict.verdict.action, 'accept');
});

test('bytes of no charset are no domain, whatever the mail server would ask for', () => {
  const hop = { mailer: 'esmtp', host: 'b\ufffdcher.example.', address: 'a@b\ufffdcher.example.' };
  const verdict = judgeAddress('sender', 'a@b\ufffdcher.example', hop, defaultRoutePolicy);
  assert.equal(verdict.kind === 'judged' && verdict.verdict.action, 'refuse');
});
