import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findBy } from './hop-facts.ts';
import { formatReceived, type Hop } from './received.ts';

const hop: Hop = {
  client: { address: '192.0.2.1', name: 'mail.a.example', helo: 'a.example' },
  by: 'mx.example.org',
  protocol: 'ESMTP',
  smtpUtf8: false,
  tls: null,
  loggedIn: false,
  id: '0123456789b',
  forwardPath: 'ann@example.org',
  time: Date.UTC(2006, 8, 5, 3, 12),
};
const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };

test('a field as RFC 5321 wants it', () => {
  assert.equal(
    formatReceived({ ...hop, tls }),
    'Received: from a.example (mail.a.example [192.0.2.1])\r\n' +
      '\t(TLSv1.3 cipher TLS_AES_256_GCM_SHA384)\r\n' +
      '\tby mx.example.org (Spillway) with ESMTPS id 0123456789b\r\n' +
      '\tfor <ann@example.org>;\r\n' +
      '\tTue, 5 Sep 2006 03:12:00 +0000\r\n',
  );
});

const words: readonly [change: Partial<Hop>, want: string][] = [
  [{}, 'ESMTP'],
  [{ protocol: 'SMTP' }, 'SMTP'],
  [{ tls }, 'ESMTPS'],
  [{ loggedIn: true }, 'ESMTPA'],
  [{ tls, loggedIn: true }, 'ESMTPSA'],
  [{ smtpUtf8: true }, 'UTF8SMTP'],
  [{ smtpUtf8: true, tls, loggedIn: true }, 'UTF8SMTPSA'],
  [{ protocol: 'LMTP' }, 'LMTP'],
  [{ protocol: 'LMTP', smtpUtf8: true, tls }, 'UTF8LMTPS'],
];
for (const [change, want] of words)
  test(`${JSON.stringify(change)} is ${want}`, () =>
    assert.match(formatReceived({ ...hop, ...change }), new RegExp(` with ${want} id `)));

const paths: readonly [path: string | null, smtpUtf8: boolean, isShown: boolean][] = [
  ['ann@example.org', false, true],
  ['jürgen@example.org', false, false],
  ['jürgen@example.org', true, true],
  ['"a b"@example.org', false, false],
  ['a>;b@example.org', false, false],
  [null, false, false],
];
for (const [forwardPath, smtpUtf8, isShown] of paths)
  test(`for <${forwardPath}> is ${isShown ? 'shown' : 'left out'}`, () =>
    assert.equal(formatReceived({ ...hop, forwardPath, smtpUtf8 }).includes('for <'), isShown));

test('whatever the client says of itself, it is one field, by us', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (helo, name) => {
      const text = formatReceived({
        ...hop,
        client: { address: '::1', name, helo },
        forwardPath: name,
      });
      assert.match(text, /^Received: (?:[^\r\n]+\r\n\t)*[^\r\n]+\r\n$/);
      assert.equal(findBy(text.slice('Received:'.length)), 'mx.example.org');
    }),
  );
});
