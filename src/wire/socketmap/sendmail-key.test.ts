import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../mail/reply.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import {
  formatSendmailKey,
  formatSendmailReply,
  parseSendmailKey,
  type SendmailDelivery,
} from './sendmail-key.ts';

function delivery(key: string): SendmailDelivery {
  const request = parseSendmailKey(key);
  assert(request.kind === 'compat', JSON.stringify(request));
  return request;
}

test('a notice to a domain, as sendmail 8.17 asks about it', () => {
  const key =
    'compat(notice)(6AMFsnWS000008)(esmtp)(loop.example.)(x<@loop.example.>)(<x@loop.example>)(MAILER-DAEMON)';
  assert.deepEqual(parseSendmailKey(key), {
    kind: 'compat',
    notice: true,
    queueId: '6AMFsnWS000008',
    nextHop: { mailer: 'esmtp', host: 'loop.example', address: 'x@loop.example' },
    forwardPath: 'x@loop.example',
    reversePath: '',
  });
});

// Keys as they came from the real server for hostile and odd addresses.
const seen: readonly [name: string, tail: string, host: string, address: string, path: string][] = [
  [
    'parentheses in quotes',
    '(loop.example.)("a)(b"<@loop.example.>)(<"a)(b"@loop.example>)(<bob@good.example>)',
    'loop.example',
    '"a)(b"@loop.example',
    '"a)(b"@loop.example',
  ],
  [
    'an escaped quote in quotes',
    '(loop.example.)("a\\"b)"<@loop.example.>)(<"a\\"b)"@loop.example>)(<bob@good.example>)',
    'loop.example',
    '"a\\"b)"@loop.example',
    '"a\\"b)"@loop.example',
  ],
  [
    'an escaped quote outside of quotes',
    '(loop.example.)(a\\"b<@loop.example.>)(<a\\"b@loop.example>)(<bob@good.example>)',
    'loop.example',
    'a\\"b@loop.example',
    'a\\"b@loop.example',
  ],
  [
    'an escaped parenthesis',
    '(loop.example.)(a\\)b<@loop.example.>)(<a\\)b@loop.example>)(<bob@good.example>)',
    'loop.example',
    'a\\)b@loop.example',
    'a\\)b@loop.example',
  ],
  [
    'a mailertable route',
    '([192.0.2.30])(ann<@hosted.example.>)(<ann@hosted.example>)(<bob@good.example>)',
    '[192.0.2.30]',
    'ann@hosted.example',
    'ann@hosted.example',
  ],
  [
    'a virtusertable entry',
    '(good.example.)(ann<@good.example.>)(<info@virt.example>)(<bob@good.example>)',
    'good.example',
    'ann@good.example',
    'info@virt.example',
  ],
  [
    'a source route',
    '(loop.example.)(x<@loop.example.>)(<@a.example,@b.example:x@loop.example>)(<bob@good.example>)',
    'loop.example',
    'x@loop.example',
    '@a.example,@b.example:x@loop.example',
  ],
  [
    'an alias, without brackets',
    '(good.example.)(bob<@good.example.>)(bob@good.example)(<bob@good.example>)',
    'good.example',
    'bob@good.example',
    'bob@good.example',
  ],
];
for (const [name, tail, host, address, path] of seen)
  test(`${name} is read as sendmail means it`, () => {
    const read = delivery(`compat(mail)(6AMFsnVH000145)(esmtp)${tail}`);
    assert.deepEqual(
      [read.nextHop.host, read.nextHop.address, read.forwardPath, read.reversePath],
      [host, address, path, 'bob@good.example'],
    );
  });

test('UTF-8 is decoded, other bytes belong to no domain', () => {
  const key = (path: string): string => `compat(mail)(1)(esmtp)(a.example.)(${path})(${path})(<>)`;
  assert.equal(delivery(key('\u00c3\u00a4@a.example')).forwardPath, '\u00e4@a.example');
  assert.equal(delivery(key('\u00e4@a.example')).forwardPath, '\ufffd@a.example');
});

test('a key that sendmail cut still says where the message goes', () => {
  const whole = 'compat(notice)(1)(esmtp)(loop.example.)(x<@loop.example.>)(<x@loop.example>)(M)';
  const needed = whole.indexOf('(<x@');
  for (let length = needed; length <= whole.length; length++) {
    const read = delivery(whole.slice(0, length));
    assert.deepEqual(
      [read.notice, read.nextHop.host, read.forwardPath],
      [true, 'loop.example', 'x@loop.example'],
    );
  }
  for (let length = 0; length < needed; length++)
    assert.equal(parseSendmailKey(whole.slice(0, length)).kind, 'fault', `cut at ${length}`);
});

const faults = [
  '',
  'Alive',
  'compat',
  'compat()',
  'compat(spam)(1)(esmtp)(a)(b)(c)(d)',
  'compat(mail)(1)(esmtp)(a)x(b)(c)(d)',
  'compat(mail)(1)(esmtp)(a)(b)(c)(d)(e)',
  'compat(mail)(1)(esmtp',
];
for (const key of faults)
  test(`${JSON.stringify(key)} is a fault`, () =>
    assert.equal(parseSendmailKey(key).kind, 'fault'));

test('any text is answered without an exception', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (key) => void parseSendmailKey(key)));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('(', ')', '"', '\\', 'a') }), (rest) => {
      parseSendmailKey(`compat(mail)(1)(esmtp)${rest}`);
    }),
  );
});

// Tokens as sendmail leaves them in an address: atoms, quoted strings, escaped characters.
const token = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '|', '$', '%', '!', "'", ';', '&', '{') }),
  fc
    .string({ unit: fc.constantFrom('a', '(', ')', ' ', '\\"', '\\\\', '\\)', '<', '@') })
    .map((text) => `"${text}"`),
  fc.constantFrom('\\(', '\\)', '\\"', '\\\\'),
);
const path = fc.array(token, { maxLength: 6 }).map((tokens) => `${tokens.join('')}@b.example`);

test('whatever strangers write, no field runs into the next', () => {
  fc.assert(
    fc.property(path, path, fc.boolean(), (forwardPath, reversePath, notice) => {
      const written: SendmailDelivery = {
        kind: 'compat',
        notice,
        queueId: '6AMFsnWS000008',
        nextHop: { mailer: 'esmtp', host: 'b.example', address: forwardPath },
        forwardPath,
        reversePath: notice ? '' : reversePath,
      };
      assert.deepEqual(parseSendmailKey(formatSendmailKey(written)), written);
    }),
  );
});

const verdicts: readonly [name: string, verdict: Partial<Verdict>, want: string][] = [
  ['accept', { action: 'accept' }, 'OK pass'],
  ['discard', { action: 'discard', reason: 'loopback' }, 'OK discard loopback'],
  [
    'refuse',
    { action: 'refuse', reason: 'loopback', reply: replies.recipientBlackhole },
    'OK refuse 5.4.4 Recipient domain leads nowhere',
  ],
  [
    'a text that sendmail would take apart',
    {
      action: 'refuse',
      reply: { code: 550, status: '5.4.4', text: 'a "b" (c) <d>: 100%, $x\r\n' },
    },
    'OK refuse 5.4.4 a b c d 100 x',
  ],
  ['defer', { action: 'defer', reason: 'dns-failure' }, 'TEMP dns-failure'],
];
for (const [name, verdict, want] of verdicts)
  test(`${name} is answered "${want}"`, () => {
    const whole: Verdict = {
      action: 'accept',
      reason: 'deliverable',
      reply: null,
      steps: [],
      ...verdict,
    };
    assert.equal(formatSendmailReply(whole), want);
  });
