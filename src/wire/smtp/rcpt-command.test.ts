import assert from 'node:assert/strict';
import test from 'node:test';
import { formatReply } from '../../mail/reply.ts';
import { parseRcpt } from './rcpt-command.ts';

const usual = { forwardPath: 'ann@example.org', notify: null, orcpt: null };
const ann = 'TO:<ann@example.org>';

const good: readonly [argument: string, want: object][] = [
  [ann, {}],
  ['to: <ann@example.org>', {}],
  ['TO:<@one.example:ann@example.org>', {}],
  ['TO:<postmaster>', { forwardPath: 'postmaster' }],
  ['TO:<Postmaster>', { forwardPath: 'Postmaster' }],
  [`${ann} NOTIFY=NEVER`, { notify: [] }],
  [`${ann} NOTIFY=failure,SUCCESS`, { notify: ['success', 'failure'] }],
  [
    `${ann} NOTIFY=DELAY ORCPT=rfc822;a+2Bb@example.org`,
    { notify: ['delay'], orcpt: 'rfc822;a+b@example.org' },
  ],
  [`${ann} ORCPT=X400;C+3DUS`, { orcpt: 'x400;C=US' }],
  [`${ann} ORCPT=utf-8;j\\x{FC}rgen@example.org`, { orcpt: 'utf-8;jürgen@example.org' }],
  [`${ann} ORCPT=utf-8;\\x{1F4EB}\\x{5C}a+b@example.org`, { orcpt: 'utf-8;📫\\a+b@example.org' }],
  [`${ann} ORCPT=utf-8;jürgen@example.org`, { orcpt: 'utf-8;jürgen@example.org' }],
];
for (const [argument, want] of good)
  test(`RCPT ${argument}`, () => {
    const command = parseRcpt(argument, true);
    assert.ok(command.kind === 'rcpt', command.kind === 'refused' ? command.reply.text : '');
    assert.deepEqual(command.parameters, { ...usual, ...want });
  });

const syntax = '501 5.5.4 Syntax: RCPT TO:<address> [parameters]';
const address = '553 5.1.3 Recipient address is malformed';
const parameter = '501 5.5.4 Syntax error in a parameter';
const bad: readonly [argument: string, want: string][] = [
  ['', syntax],
  ['FROM:<ann@example.org>', syntax],
  ['TO:ann@example.org', syntax],
  ['TO:<>', address],
  ['TO:<ann>', address],
  ['TO:<"postmaster">', address],
  ['TO:<a..b@example.org>', address],
  [`TO:<${'x'.repeat(65)}@example.org>`, '501 5.1.3 Recipient address is too long'],
  ['TO:<jürgen@example.org>', '553 5.6.7 Addresses beyond ASCII need SMTPUTF8'],
  [`${ann} ORCPT=utf-8;jürgen@example.org`, '553 5.6.7 Addresses beyond ASCII need SMTPUTF8'],
  [`${ann} NOTIFY`, parameter],
  [`${ann} NOTIFY=NEVER,FAILURE`, parameter],
  [`${ann} NOTIFY=FAILURE,FAILURE`, parameter],
  [`${ann} NOTIFY=FAILURE,`, parameter],
  [`${ann} NOTIFY=ALWAYS`, parameter],
  [`${ann} ORCPT`, parameter],
  [`${ann} ORCPT=rfc822;`, parameter],
  [`${ann} ORCPT=;ann@example.org`, parameter],
  [`${ann} ORCPT=ann@example.org`, parameter],
  [`${ann} ORCPT=rfc822;a+0D+0ARSET`, parameter],
  [`${ann} ORCPT=rfc822;a+`, parameter],
  [`${ann} ORCPT=utf-8;\\x{A}x`, parameter],
  [`${ann} ORCPT=utf-8;\\x{0D}x`, parameter],
  [`${ann} ORCPT=utf-8;\\x{D800}x`, parameter],
  [`${ann} ORCPT=utf-8;\\x{110000}x`, parameter],
  [`${ann} ORCPT=rfc822;${'x'.repeat(500)}`, parameter],
  [`${ann} SIZE=1`, '555 5.5.4 Parameter not recognized'],
  [`${ann} NOTIFY=NEVER NOTIFY=NEVER`, '501 5.5.4 Parameter given twice'],
];
for (const [argument, want] of bad)
  test(`RCPT ${argument} is refused`, () => {
    const command = parseRcpt(argument, false);
    assert.equal(command.kind === 'refused' && formatReply(command.reply), want);
  });
