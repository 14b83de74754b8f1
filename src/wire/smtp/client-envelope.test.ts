import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { MailParameters, RcptParameters } from '../../mail/envelope.ts';
import { type ClientEnvelope, needsLook, writeEnvelope } from './client-envelope.ts';
import { type ContentFacts, createContentLook } from './client-look.ts';
import { type Offer, plainOffer, readOffer } from './client-offer.ts';

const everything = readOffer([
  'mx.example',
  'PIPELINING',
  'SIZE 1000',
  '8BITMIME',
  'SMTPUTF8',
  'DSN',
  'CHUNKING',
  'BINARYMIME',
]);
const ann: MailParameters = {
  reversePath: 'ann@good.example',
  body: '7bit',
  smtpUtf8: false,
  ret: null,
  envid: null,
};
const bob: RcptParameters = { forwardPath: 'bob@site.example', notify: null, orcpt: null };
const plain: ContentFacts = { hasUtf8Header: false, isLines: true };

interface Case {
  readonly sender?: Partial<MailParameters>;
  readonly rcpt?: Partial<RcptParameters>;
  readonly offer?: Offer;
  readonly size?: number;
  readonly content?: ContentFacts;
}

function write({ sender, rcpt, offer = plainOffer, size = 10, content }: Case): string {
  const recipients = [{ ...bob, ...rcpt }];
  const written = writeEnvelope(
    { sender: { ...ann, ...sender }, recipients, size },
    offer,
    content ?? null,
  );
  if ('code' in written) return `all: ${written.status}`;
  const [to] = written.rcpt;
  const said = typeof to === 'string' ? to : to?.status;
  return [written.mail, said, ...(written.isBinary ? ['binary'] : [])].join(' | ');
}

const from = 'MAIL FROM:<ann@good.example>';
const to = 'RCPT TO:<bob@site.example>';
const eight: Offer = { ...plainOffer, eightBit: true };
const utf8: Offer = { ...plainOffer, utf8: true };
const dsn: Offer = { ...plainOffer, dsn: true };

const cases: readonly [name: string, of: Case, want: string][] = [
  [
    'nothing is said that is not offered',
    { sender: { body: '8bitmime', ret: 'full', envid: 'x' } },
    `${from} | ${to}`,
  ],
  ['the null reverse-path', { sender: { reversePath: '' } }, `MAIL FROM:<> | ${to}`],
  ['the size is told where it is understood', { offer: everything }, `${from} SIZE=10 | ${to}`],
  ['too large a message is not even begun', { offer: everything, size: 1001 }, 'all: 5.3.4'],
  ['exactly as large as allowed', { offer: everything, size: 1000 }, `${from} SIZE=1000 | ${to}`],
  ['8BITMIME', { offer: eight, sender: { body: '8bitmime' } }, `${from} BODY=8BITMIME | ${to}`],
  [
    'binary where it is taken',
    { offer: everything, sender: { body: 'binarymime' } },
    `${from} SIZE=10 BODY=BINARYMIME | ${to} | binary`,
  ],
  [
    'binary where it is not taken',
    { offer: eight, sender: { body: 'binarymime' }, content: { ...plain, isLines: false } },
    'all: 5.6.3',
  ],
  [
    'called binary, but lines',
    { offer: eight, sender: { body: 'binarymime' }, content: plain },
    `${from} BODY=8BITMIME | ${to}`,
  ],
  [
    'RET and ENVID',
    { offer: dsn, sender: { ret: 'hdrs', envid: 'a+b =' } },
    `${from} RET=HDRS ENVID=a+2Bb+20+3D | ${to}`,
  ],
  [
    'NOTIFY and ORCPT',
    { offer: dsn, rcpt: { notify: ['success', 'delay'], orcpt: 'rfc822;b+c@d.example' } },
    `${from} | ${to} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@d.example`,
  ],
  ['NOTIFY=NEVER', { offer: dsn, rcpt: { notify: [] } }, `${from} | ${to} NOTIFY=NEVER`],
  [
    'ORCPT in UTF-8 where only ASCII passes',
    { offer: dsn, rcpt: { orcpt: 'utf-8;büb@d.example' } },
    `${from} | ${to} ORCPT=utf-8;b\\x{FC}b@d.example`,
  ],
  [
    'ORCPT in UTF-8 where that passes',
    {
      offer: { ...dsn, utf8: true },
      sender: { smtpUtf8: true },
      rcpt: { orcpt: 'utf-8;bü+b@d.example' },
    },
    `${from} SMTPUTF8 | ${to} ORCPT=utf-8;bü\\x{2B}b@d.example`,
  ],
  [
    'ORCPT in UTF-8 that claims to be none',
    { offer: dsn, rcpt: { orcpt: 'rfc822;bü@d.example' } },
    `${from} | ${to} ORCPT=utf-8;b\\x{FC}@d.example`,
  ],
  [
    'an ORCPT without a type is not passed on',
    { offer: dsn, rcpt: { orcpt: 'bob@d.example' } },
    `${from} | ${to}`,
  ],
  [
    'SMTPUTF8 is asked for where the message came with it',
    { offer: utf8, sender: { smtpUtf8: true } },
    `${from} SMTPUTF8 | ${to}`,
  ],
  [
    'and where a path needs it',
    { offer: utf8, rcpt: { forwardPath: 'bü@site.example' } },
    `${from} SMTPUTF8 | RCPT TO:<bü@site.example>`,
  ],
  [
    'a UTF-8 reverse-path that cannot pass',
    { sender: { reversePath: 'ü@good.example' } },
    'all: 5.6.7',
  ],
  [
    'a UTF-8 forward-path that cannot pass fails alone',
    { rcpt: { forwardPath: 'ü@site.example' } },
    `${from} | 5.6.7`,
  ],
  [
    'a UTF-8 domain alone passes as A-label',
    { rcpt: { forwardPath: 'bob@bücher.example' } },
    `${from} | RCPT TO:<bob@xn--bcher-kva.example>`,
  ],
  [
    'a UTF-8 header that cannot pass',
    { sender: { smtpUtf8: true }, content: { ...plain, hasUtf8Header: true } },
    'all: 5.6.7',
  ],
  [
    'SMTPUTF8 without need passes anywhere',
    { sender: { smtpUtf8: true }, content: plain },
    `${from} | ${to}`,
  ],
  [
    'a quoted local part',
    { rcpt: { forwardPath: '"a b>"@site.example' } },
    `${from} | RCPT TO:<"a b>"@site.example>`,
  ],
];
for (const [name, of, want] of cases) test(name, () => assert.equal(write(of), want));

const unsendable = [
  'a\r\nRCPT TO:<x@y.example>',
  'a> SIZE=1@b.example',
  'a b@c.example',
  '"a@b.example',
  'a\0@b.example',
  '\ud800@b.example',
  'a\u0085@b.example',
  'a<b@c.example',
  '"a\r\n"@b.example',
];
for (const path of unsendable)
  test(`${JSON.stringify(path)} never stands in a command`, () => {
    for (const offer of [plainOffer, utf8, everything]) {
      assert.equal(write({ offer, sender: { reversePath: path } }), 'all: 5.1.7');
      assert.match(write({ offer, rcpt: { forwardPath: path } }), /\| 5\.1\.3$/);
    }
  });

test('whatever the envelope holds, each command is one line, and a path ends where it should', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'a@."\\<> \r\nü') }),
  );
  const rcpt = fc.record({ forwardPath: text, notify: fc.constant(null), orcpt: fc.option(text) });
  const sender = fc.record({
    reversePath: text,
    body: fc.constantFrom('7bit', '8bitmime', 'binarymime'),
    smtpUtf8: fc.boolean(),
    ret: fc.constant(null),
    envid: fc.option(text),
  });
  fc.assert(
    fc.property(
      sender,
      rcpt,
      fc.constantFrom(plainOffer, dsn, everything),
      (sender, rcpt, offer) => {
        const written = writeEnvelope({ sender, recipients: [rcpt], size: 1 }, offer, plain);
        if ('code' in written) return;
        for (const command of commandsOf(written)) {
          assert.doesNotMatch(command, /[\r\n\0]/);
          assert.match(
            command,
            /^(MAIL FROM|RCPT TO):<(?:"(?:[^"\\]|\\.)*"|[^"<>\s])*>( [^\s<>]*(<|>)?[^\s]*)*$/su,
          );
          if (!offer.utf8) assert.match(command, /^[\0-\x7f]*$/);
        }
      },
    ),
  );
});

function commandsOf({ mail, rcpt }: ClientEnvelope): string[] {
  return [mail, ...rcpt.filter((command) => typeof command === 'string')];
}

test('a look inside is taken only where the server offers too little', () => {
  assert.equal(needsLook({ ...ann, smtpUtf8: true }, plainOffer), true);
  assert.equal(needsLook({ ...ann, smtpUtf8: true }, utf8), false);
  assert.equal(needsLook({ ...ann, body: 'binarymime' }, eight), true);
  assert.equal(needsLook({ ...ann, body: 'binarymime' }, everything), false);
  assert.equal(needsLook({ ...ann, body: '8bitmime' }, plainOffer), false);
});

const looks: readonly [name: string, content: string, want: ContentFacts][] = [
  ['plain lines', 'Subject: x\r\n\r\nbody\r\n', { hasUtf8Header: false, isLines: true }],
  [
    'UTF-8 in the header',
    'Subject: \xc3\xbc\r\n\r\nbody\r\n',
    { hasUtf8Header: true, isLines: true },
  ],
  [
    'UTF-8 in the body only',
    'Subject: x\r\n\r\n\xc3\xbc\r\n',
    { hasUtf8Header: false, isLines: true },
  ],
  ['a bare LF', 'a\nb\r\n', { hasUtf8Header: false, isLines: false }],
  ['a bare CR', 'a\rb\r\n', { hasUtf8Header: false, isLines: false }],
  ['a bare CR at the end', 'a\r\nb\r', { hasUtf8Header: false, isLines: false }],
  ['a NUL', 'a\0\r\n', { hasUtf8Header: false, isLines: false }],
  ['a line of 998', `${'x'.repeat(998)}\r\n`, { hasUtf8Header: false, isLines: true }],
  ['a line of 999', `${'x'.repeat(999)}\r\n`, { hasUtf8Header: false, isLines: false }],
];
for (const [name, content, want] of looks)
  test(`${name}, wherever it is cut`, () => {
    for (let at = 0; at <= content.length; at++) {
      const look = createContentLook();
      look.push(Buffer.from(content.slice(0, at), 'latin1'));
      look.push(Buffer.from(content.slice(at), 'latin1'));
      assert.deepEqual(look.end(), want);
    }
  });

const offers: readonly [name: string, line: string, want: Partial<Offer>][] = [
  ['SIZE without a number has no limit', 'SIZE', { size: true, maxSize: null }],
  ['SIZE 0 has no limit', 'SIZE 0', { size: true, maxSize: null }],
  ['SIZE with nonsense has no limit', 'SIZE 1e9', { size: true, maxSize: null }],
  ['keywords in any case', 'pipelining', { pipelining: true }],
  ['AUTH as of old', 'AUTH=login plain', { auth: ['LOGIN', 'PLAIN'] }],
  ['limits', 'LIMITS MAILMAX=5 RCPTMAX=10 RCPTDOMAINMAX=1', { maxMessages: 5, maxRecipients: 10 }],
  ['limits of nothing are none', 'LIMITS RCPTMAX=0', { maxRecipients: null }],
  ['BINARYMIME is nothing without CHUNKING', 'BINARYMIME', { binary: false }],
  ['what nobody knows', 'XFOO bar', {}],
  ['what is no keyword', '*** PIPELINING', {}],
];
for (const [name, line, want] of offers)
  test(name, () => assert.deepEqual(readOffer(['mx.example', line]), { ...plainOffer, ...want }));

test('the first line is a name, whatever it looks like', () => {
  assert.deepEqual(readOffer(['PIPELINING']), plainOffer);
});
