import assert from 'node:assert/strict';
import test from 'node:test';
import { formatReply } from '../../mail/reply.ts';
import { parseMail } from './mail-command.ts';

const usual = {
  reversePath: 'ann@example.org',
  body: '7bit',
  smtpUtf8: false,
  ret: null,
  envid: null,
} as const;

const good: readonly [argument: string, want: Partial<typeof usual> | object][] = [
  ['FROM:<ann@example.org>', {}],
  ['from:<ann@example.org>', {}],
  ['FROM: <ann@example.org>', {}],
  ['FROM:<>', { reversePath: '' }],
  ['FROM:<> SIZE=0', { reversePath: '' }],
  ['FROM:<@one.example,@[192.0.2.1]:ann@example.org>', {}],
  ['FROM:<Ann@Example.ORG>', { reversePath: 'Ann@Example.ORG' }],
  ['FROM:<"ann b @>\\""@example.org>', { reversePath: '"ann b @>\\""@example.org' }],
  ['FROM:<""@example.org>', { reversePath: '""@example.org' }],
  ["FROM:<!#$%&'*+-/=?^_`{|}~@example.org>", { reversePath: "!#$%&'*+-/=?^_`{|}~@example.org" }],
  ['FROM:<ann@[192.0.2.1]>', { reversePath: 'ann@[192.0.2.1]' }],
  ['FROM:<ann@[IPv6:2001:db8::1]>', { reversePath: 'ann@[IPv6:2001:db8::1]' }],
  ['FROM:<ann@a_b.example>', { reversePath: 'ann@a_b.example' }],
  ['FROM:<ann@123.example>', { reversePath: 'ann@123.example' }],
  ['FROM:<ann@example.org>  BODY=8bitmime  ', { body: '8bitmime' }],
  ['FROM:<ann@example.org> BODY=7BIT RET=HDRS ENVID=a+2Bb', { ret: 'hdrs', envid: 'a+b' }],
  ['FROM:<ann@example.org> body=BinaryMime ret=full', { body: 'binarymime', ret: 'full' }],
  ['FROM:<ann@example.org> AUTH=<>', {}],
  ['FROM:<ann@example.org> AUTH=ann+3Db@example.org', {}],
  ['FROM:<jürgen@example.org> SMTPUTF8', { reversePath: 'jürgen@example.org', smtpUtf8: true }],
  ['FROM:<ann@bücher.example> SMTPUTF8', { reversePath: 'ann@bücher.example', smtpUtf8: true }],
  ['FROM:<"ü b"@example.org> SMTPUTF8', { reversePath: '"ü b"@example.org', smtpUtf8: true }],
  [`FROM:<${'x'.repeat(64)}@example.org>`, { reversePath: `${'x'.repeat(64)}@example.org` }],
  [
    `FROM:<${'ü'.repeat(32)}@example.org> SMTPUTF8`,
    { reversePath: `${'ü'.repeat(32)}@example.org`, smtpUtf8: true },
  ],
];
for (const [argument, want] of good)
  test(`MAIL ${argument}`, () => {
    const command = parseMail(argument.replace(/ +$/, ''));
    assert.ok(command.kind === 'mail', command.kind === 'refused' ? command.reply.text : '');
    assert.deepEqual(command.parameters, { ...usual, ...want });
  });

test('the size is told in octets, where it is', () => {
  const size = (argument: string) => {
    const command = parseMail(argument);
    return command.kind === 'mail' ? command.declaredSize : command.reply.text;
  };
  assert.equal(size('FROM:<> SIZE=1000'), 1000);
  assert.equal(size('FROM:<> SIZE=99999999999999999999'), 1e20);
  assert.equal(size('FROM:<>'), null);
});

const label = 'x'.repeat(63);
const syntax = '501 5.5.4 Syntax: MAIL FROM:<address> [parameters]';
const address = '553 5.1.7 Sender address is malformed';
const long = '501 5.1.7 Sender address is too long';
const parameter = '501 5.5.4 Syntax error in a parameter';
const twice = '501 5.5.4 Parameter given twice';
const unknown = '555 5.5.4 Parameter not recognized';
const utf8 = '553 5.6.7 Addresses beyond ASCII need SMTPUTF8';

const bad: readonly [argument: string, want: string][] = [
  ['', syntax],
  ['<ann@example.org>', syntax],
  ['TO:<ann@example.org>', syntax],
  ['FROM', syntax],
  ['FROM:', syntax],
  ['FROM:ann@example.org', syntax],
  ['FROM:<ann@example.org', syntax],
  ['FROM:<', address],
  ['FROM:< >', address],
  ['FROM:<ann>', address],
  ['FROM:<postmaster>', address],
  ['FROM:<ann@>', address],
  ['FROM:<@example.org>', address],
  ['FROM:<@one.example:>', address],
  ['FROM:<@one.example>', address],
  ['FROM:<@one.example,ann@example.org>', address],
  ['FROM:<ann@@example.org>', address],
  ['FROM:<ann@one@example.org>', address],
  ['FROM:<.ann@example.org>', address],
  ['FROM:<ann.@example.org>', address],
  ['FROM:<a..b@example.org>', address],
  ['FROM:<a b@example.org>', address],
  ['FROM:<a,b@example.org>', address],
  ['FROM:<a(b)@example.org>', address],
  ['FROM:<"ann@example.org>', address],
  ['FROM:<"ann\\"@example.org>', address],
  ['FROM:<"ann"b@example.org>', address],
  ['FROM:<"a\\ü"@example.org> SMTPUTF8', address],
  ['FROM:<ann@.example>', address],
  ['FROM:<ann@example..org>', address],
  ['FROM:<ann@example.org.>', address],
  ['FROM:<ann@-example.org>', address],
  ['FROM:<ann@example-.org>', address],
  ['FROM:<ann@exa mple.org>', address],
  ['FROM:<ann@exa/mple.org>', address],
  ['FROM:<ann@127.0.0.1>', address],
  ['FROM:<ann@2130706433>', address],
  ['FROM:<ann@0x7f.1>', address],
  ['FROM:<ann@[127.0.0.01]>', address],
  ['FROM:<ann@[2001:db8::1]>', address],
  ['FROM:<ann@[IPv6:192.0.2.1]>', address],
  ['FROM:<ann@[IPv6:fe80::1%eth0]>', address],
  ['FROM:<ann@[]>', address],
  ['FROM:<ann@[192.0.2.1>', address],
  ['FROM:<ann@b\u00adücher..example> SMTPUTF8', address],
  [`FROM:<ann@${label}x.example>`, address],
  [`FROM:<${'x'.repeat(65)}@example.org>`, long],
  [`FROM:<${'ü'.repeat(33)}@example.org> SMTPUTF8`, long],
  [`FROM:<ann@${`${label}.`.repeat(4)}example>`, long],
  ['FROM:<ann@example.org>SIZE=1', parameter],
  ['FROM:<ann@example.org>>', parameter],
  ['FROM:<ann@example.org> =1', parameter],
  ['FROM:<ann@example.org> SIZE', parameter],
  ['FROM:<ann@example.org> SIZE=', parameter],
  ['FROM:<ann@example.org> SIZE=-1', parameter],
  ['FROM:<ann@example.org> SIZE=1k', parameter],
  ['FROM:<ann@example.org> SIZE=999999999999999999999', parameter],
  ['FROM:<ann@example.org> BODY=9BIT', parameter],
  ['FROM:<ann@example.org> BODY', parameter],
  ['FROM:<ann@example.org> BODY=constructor', parameter],
  ['FROM:<ann@example.org> SMTPUTF8=1', parameter],
  ['FROM:<ann@example.org> RET=BODY', parameter],
  ['FROM:<ann@example.org> RET=__proto__', parameter],
  ['FROM:<ann@example.org> ENVID', parameter],
  ['FROM:<ann@example.org> ENVID=a+0D+0Ab', parameter],
  ['FROM:<ann@example.org> ENVID=a+', parameter],
  [`FROM:<ann@example.org> ENVID=${'x'.repeat(101)}`, parameter],
  ['FROM:<ann@example.org> AUTH', parameter],
  ['FROM:<ann@example.org> AUTH=a+', parameter],
  ['FROM:<ann@example.org> SIZE=1 size=1', twice],
  ['FROM:<ann@example.org> X-NEW=1', unknown],
  ['FROM:<ann@example.org> NOTIFY=NEVER', unknown],
  ['FROM:<jürgen@example.org>', utf8],
  ['FROM:<ann@bücher.example> SIZE=1', utf8],
];
for (const [argument, want] of bad)
  test(`MAIL ${argument} is refused`, () => {
    const command = parseMail(argument);
    assert.equal(command.kind === 'refused' && formatReply(command.reply), want);
  });
