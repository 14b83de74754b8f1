import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../mail/reply.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import { formatPostfixReply, parsePostfixKey } from './postfix-key.ts';

const keys: readonly [key: string, wanted: string | null][] = [
  ['nicholas@seaton.biz', 'nicholas@seaton.biz'],
  ['"a b"@good-1.example', '"a b"@good-1.example'],
  ['j\u00c3\u00b6rg@good-1.example', 'j\u00f6rg@good-1.example'],
  ['*', null],
  ['', null],
  ['seaton.biz', null],
  ['root', null],
  ['a@b@', null],
];
for (const [key, wanted] of keys)
  test(`key ${JSON.stringify(key)}`, () => assert.equal(parsePostfixKey(key), wanted));

function verdict(action: Verdict['action'], reply: Verdict['reply'] = null): Verdict {
  return { action, reply, reason: 'dns-failure', steps: [] };
}

const answers: readonly [verdict: Verdict | null, wanted: string][] = [
  [null, 'NOTFOUND '],
  [verdict('accept'), 'NOTFOUND '],
  // A look-up says nothing about the message: what would take it away is not for us to say.
  [verdict('discard'), 'NOTFOUND '],
  [verdict('quarantine'), 'NOTFOUND '],
  [verdict('refuse', replies.recipientBlackhole), 'OK error:5.4.4 Recipient domain leads nowhere'],
  [verdict('refuse'), 'OK error:5.4.4 Recipient domain leads nowhere'],
  [verdict('defer', replies.recipientUnknown), 'TEMP dns-failure'],
];
for (const [given, wanted] of answers)
  test(`${given?.action ?? 'no question'}: ${wanted}`, () =>
    assert.equal(formatPostfixReply(given), wanted));

test('any key is read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      parsePostfixKey(key);
    }),
  );
});
