import assert from 'node:assert/strict';
import test from 'node:test';
import type { DeadEnd, NoticeEnd } from '../foretold.ts';
import { readSmtpdConfig } from './config.ts';
import { foretellOpenSmtpd } from './notices-foretold.ts';
import { hostedDomains } from './unknown-foretold.ts';

const relay = 'action "out" relay\nmatch from local for any action "out"\n';
const cases: readonly [text: string, deadEnd: DeadEnd, end: NoticeEnd, because: RegExp][] = [
  [`listen on localhost\n${relay}`, 'loopback', 'loops', /never looks/],
  [`listen on lo0\n${relay}`, 'loopback', 'loops', /never looks/],
  [`listen on 0.0.0.0 port 25\n${relay}`, 'loopback', 'loops', /never looks/],
  [`listen on eth0\n${relay}`, 'loopback', 'waits', /listen on eth0.*4d/s],
  [`listen on lo port 587\nqueue ttl 2d\n${relay}`, 'loopback', 'waits', /2d/],
  [`listen on localhost\n${relay}`, 'null-mx', 'waits', /No MX found/],
  [
    'listen on localhost\naction "hub" relay host smtp://hub.example\nmatch for any action "hub"\n',
    'loopback',
    'relayed',
    /hub\.example/,
  ],
];
for (const [text, deadEnd, end, because] of cases)
  test(`OpenSMTPD, ${text.split('\n')[0]}, ${deadEnd}: ${end}`, () => {
    const config = readSmtpdConfig(text, () => null);
    assert.ok(config);
    const told = foretellOpenSmtpd(config, deadEnd);
    assert.equal(told.end, end);
    assert.match(told.because.join('\n'), because);
  });

test('Domains that strangers may write to, and what their unknown recipients hear', () => {
  const config = readSmtpdConfig(
    [
      'table domains { a.example, b.example }',
      'action "here" maildir',
      'action "hub" relay host smtp://192.0.2.30',
      'match from any for domain <domains> action "here"',
      'match from any for domain "c.example" action "hub"',
      'match from any for domain "d.example" rcpt-to <known> action "hub"',
      'match for domain "inside.example" action "here"',
      'match from any for domain "*.e.example" action "here"',
      'match from any for local action "here"',
    ].join('\n'),
    () => null,
  );
  assert.ok(config);
  assert.deepEqual(
    hostedDomains(config, ['mx.example']).map(({ domain, foretold: { fate, backend } }) => [
      domain,
      fate,
      backend,
    ]),
    [
      ['a.example', 'refused', null],
      ['b.example', 'refused', null],
      ['c.example', 'accepted', '192.0.2.30'],
      ['d.example', 'refused', null],
      ['mx.example', 'refused', null],
    ],
  );
});
