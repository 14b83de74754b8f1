import assert from 'node:assert/strict';
import test from 'node:test';
import { isHostedName, readClasses, readUnknown } from './unknown-answers.ts';

test('Members of classes', () => {
  const said =
    'ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n> mx\n[192.0.2.10]\nmx.host.example\n> bakery.example\n192.0.2\n> ';
  const classes = readClasses(said);
  assert.deepEqual(classes.slice(0, 2), [
    ['mx', '[192.0.2.10]', 'mx.host.example'],
    ['bakery.example', '192.0.2'],
  ]);
  assert.deepEqual(classes.flat().filter(isHostedName), ['mx.host.example', 'bakery.example']);
});

const name = 'spillway-check-1';
const cases: readonly [rules: string, verified: string, fate: string, backend: string | null][] = [
  ['', `${name}@a.example... User unknown`, 'refused', null],
  [
    'Basic_check_rcpt returns: $# error $@ 5 . 1 . 1 $: "550 User unknown"',
    `${name}@a.example... deliverable: mailer esmtp, host [192.0.2.30], user ${name}@a.example`,
    'refused',
    null,
  ],
  [
    'Basic_check_rcpt returns: RELAY',
    `${name}@a.example... deliverable: mailer esmtp, host [192.0.2.30], user ${name}@a.example`,
    'accepted',
    '192.0.2.30',
  ],
  ['', `ann... deliverable: mailer local, user ann`, 'catch-all', null],
  ['', `${name}@a.example... deliverable: mailer procmail, user ${name}`, 'accepted', null],
  ['', 'Cannot open hash database', 'unclear', null],
];
for (const [rules, verified, fate, backend] of cases)
  test(`sendmail says ${verified}: ${fate}`, () => {
    const told = readUnknown(rules, verified, name);
    assert.deepEqual([told.fate, told.backend], [fate, backend]);
  });
