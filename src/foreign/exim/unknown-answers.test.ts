import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { domainLists, readSession, readUnknown, sessionFor } from './unknown-answers.ts';

test('Named lists of domains', () => {
  const config = [
    '# Exim Configuration',
    'domainlist local_domains = @ : localhost : \\',
    '     lsearch;/etc/virtual',
    '  domainlist relayed = <; a.example ; b.example',
    'domainlist_cache none =',
    'hostlist ours = 127.0.0.1',
  ].join('\n');
  assert.deepEqual(
    [...domainLists(config)],
    [
      ['local_domains', ['@', 'localhost', 'lsearch;/etc/virtual']],
      ['relayed', ['a.example', 'b.example']],
      ['none', []],
    ],
  );
});

const session = [
  '**** SMTP testing session as if from host 203.0.113.9',
  '220 mx.example ESMTP',
  '250-mx.example Hello',
  '250 HELP',
  '250 OK',
  '250 Accepted',
  '250 Reset OK',
  '250 OK',
  '550-Unknown user,',
  '550 go away',
  '250 Reset OK',
  '451 Come again',
  '503 sender not yet given',
  '250 Reset OK',
  '221 closing',
].join('\r\n');

test('The replies of a session that is played', () => {
  assert.deepEqual(readSession(session, 4), [
    '250 Accepted',
    '550 go away',
    '451 Come again',
    null,
  ]);
  assert.equal(sessionFor(['a@x.example']).split('\r\n').length, 6);
});

test('A session cut anywhere has an answer or null for each question', () => {
  fc.assert(
    fc.property(fc.nat(session.length), (at) =>
      assert.equal(readSession(session.slice(0, at), 3).length, 3),
    ),
  );
});

const routedBy = (parent: string, host: string) =>
  `x@a.example\n${parent}  router = r, transport = t\n${host}`;
const cases: readonly [
  reply: string | null,
  routed: string,
  fate: string,
  backend: string | null,
][] = [
  ['550 Unknown', '', 'refused', null],
  ['451 later', '', 'later', null],
  [null, '', 'unclear', null],
  ['250 Accepted', routedBy('', '  host 192.0.2.30 [192.0.2.30]\n'), 'accepted', '192.0.2.30'],
  ['250 Accepted', routedBy('    <-- y@a.example\n', ''), 'catch-all', null],
  ['250 Accepted', 'x@a.example is undeliverable: Unrouteable address', 'accepted', null],
];
for (const [reply, routed, fate, backend] of cases)
  test(`Exim says ${reply}, and routes ${JSON.stringify(routed)}: ${fate}`, () => {
    const told = readUnknown(reply, routed);
    assert.deepEqual([told.fate, told.backend], [fate, backend]);
  });
