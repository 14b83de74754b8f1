import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { printable } from '../../mail/printable.ts';
import { type EntryKind, entryKinds, type Proposal, proposals } from '../../verdict/entry.ts';
import { type Reason, reasonWords } from '../../verdict/reasons.ts';
import type { Cause, Ranking } from './cause.ts';
import { describeCause, describeSources } from './cause-words.ts';

const at = (hours: number, minutes: number, day = 5) =>
  new Date(2006, 8, day, hours, minutes, 30).getTime();
const now = at(10, 0);

/** The names with their counts; `distinct` where there are more of them. */
function ranking(
  counts: Readonly<Record<string, number>>,
  distinct = Object.keys(counts).length,
  isExact = true,
): Ranking {
  const top = Object.entries(counts).map(([text, count]) => ({ text, count }));
  return { distinct, isExact, top };
}

const nobody = ranking({});

function cause(
  kind: EntryKind,
  reason: Reason,
  proposal: Proposal,
  count: number,
  more: Partial<Cause> = {},
): Cause {
  return {
    number: 1,
    name: `${kind}:x`,
    kind,
    reason,
    proposal,
    domain: null,
    steps: [],
    count,
    bytes: 0,
    oldest: at(3, 12),
    newest: at(9, 40),
    tries: null,
    domains: nobody,
    recipients: nobody,
    senders: nobody,
    clients: nobody,
    sites: nobody,
    ids: [],
    fingerprints: [],
    ...more,
  };
}

const seaton = {
  domain: 'seaton.biz',
  domains: ranking({ 'seaton.biz': 4312 }),
  recipients: ranking({ 'nicholas@seaton.biz': 4312 }),
  steps: ['MX 10 mail.seaton.biz: 127.0.0.1 (loopback)', 'seaton.biz: words'],
};

const cases: readonly (readonly [name: string, cause: Cause, sentences: readonly string[]])[] = [
  [
    'the night of 2006',
    cause('lost-notice', 'loopback', 'purge', 4312, {
      ...seaton,
      sites: ranking({ 'site-1.example': 90 }, 50),
    }),
    [
      '4,312 failure notices to nicholas@seaton.biz: its MX is 127.0.0.1, so they come back to this server.',
      'Written between 03:12 and 09:40 about spam to 50 of your domains.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'a single notice',
    cause('lost-notice', 'loopback', 'purge', 1, {
      ...seaton,
      steps: ['MX 0 seaton.biz: ::1 (loopback)'],
      newest: at(3, 12),
      sites: ranking({ 'site-1.example': 1 }),
    }),
    [
      '1 failure notice to nicholas@seaton.biz: its address is ::1, so it comes back to this server.',
      'Written at 03:12 about spam to site-1.example.',
      'Nobody can ever receive it, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'one address that stands out, from yesterday',
    cause('lost-notice', 'self', 'purge', 4000, {
      ...seaton,
      recipients: ranking({ 'nicholas@seaton.biz': 3990, 'x@seaton.biz': 8 }, 4),
      steps: [],
      oldest: at(23, 50, 3),
      newest: at(23, 59, 3),
    }),
    [
      '4,000 failure notices to nicholas@seaton.biz and 3 others: the MX of seaton.biz is this very machine, so they come back to this server.',
      'Written on 2006-09-03 between 23:50 and 23:59.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'many addresses of one domain, over two days',
    cause('lost-notice', 'private', 'purge', 900, {
      ...seaton,
      recipients: ranking({ 'a@seaton.biz': 2 }, 880),
      steps: ['MX 10 mx.seaton.biz: 10.0.0.1 (private), 192.0.2.1 (documentation)'],
      oldest: at(23, 50, 4),
      newest: at(0, 10, 5),
      sites: ranking({ 'site-1.example': 90 }, 2000, false),
    }),
    [
      '900 failure notices to 880 addresses at seaton.biz: its MX is 10.0.0.1, a private address, which means another machine in every network.',
      'Written between 2006-09-04 23:50 and 2006-09-05 00:10 about spam to at least 2,000 of your domains.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'many domains',
    cause('lost-notice', 'no-such-domain', 'purge', 9000, {
      domains: ranking({ 'a.example': 40, 'b.example': 3 }, 8200, false),
      recipients: ranking({ 'x@a.example': 40 }, 8900, false),
    }),
    [
      '9,000 failure notices to at least 8,900 addresses in at least 8,200 domains (most to a.example: 40): the domains do not exist.',
      'Written between 03:12 and 09:40.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'mail between two that lead nowhere',
    cause('lost-mail', 'null-mx', 'purge', 12, {
      domain: 'null-mx.example',
      domains: ranking({ 'null-mx.example': 12 }),
      recipients: ranking({ 'ann@null-mx.example': 12 }),
      senders: ranking({ 'nicholas@seaton.biz': 10, 'x@seaton.biz': 2 }),
    }),
    [
      '12 messages to ann@null-mx.example: the domain says that it takes no mail (null MX, RFC 7505).',
      'Arrived between 03:12 and 09:40.',
      'Nobody can ever receive them, and nobody can be told: mail to nicholas@seaton.biz and x@seaton.biz leads nowhere either.',
    ],
  ],
  [
    'mail to the machine itself',
    cause('lost-notice', 'localhost', 'purge', 2, {
      domain: 'localhost',
      domains: ranking({ localhost: 2 }),
      recipients: ranking({ 'www-data@localhost': 2 }),
      newest: at(3, 12),
    }),
    [
      '2 failure notices to www-data@localhost: localhost is always the machine that sends, so they come back to this server.',
      'Written at 03:12.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
  [
    'mail that goes in circles',
    cause('stray-mail', 'localhost', 'hold', 2, seaton),
    [
      '2 messages to nicholas@seaton.biz: its MX is the name localhost, so they come back to this server.',
      'Arrived between 03:12 and 09:40.',
      'Nobody can ever receive them, but the senders have to be told, which never happens while they go in circles: held until you decide.',
    ],
  ],
  [
    'mail in circles that is held by now',
    cause('stray-mail', 'localhost', 'leave', 1, { ...seaton, newest: at(3, 12) }),
    [
      '1 message to nicholas@seaton.biz: its MX is the name localhost, so it comes back to this server.',
      'Arrived at 03:12.',
      'Nobody can ever receive it, but its sender has to be told: held already, so you decide.',
    ],
  ],
  [
    'mail that the server gives up by itself',
    cause('stray-mail', 'mx-without-address', 'leave', 2, {
      ...seaton,
      recipients: ranking({ 'a@seaton.biz': 1, 'b@seaton.biz': 1 }),
    }),
    [
      '2 messages to 2 addresses at seaton.biz: none of its MX has an address.',
      'Arrived between 03:12 and 09:40.',
      'Nobody can ever receive them, but the senders have to be told, which the server does when it gives up: left alone.',
    ],
  ],
  [
    'wanted mail',
    cause('waiting-mail', 'deliverable', 'leave', 1234, {
      domains: ranking({ 'big.example': 500, 'good-1.example': 20 }, 300),
      recipients: ranking({ 'ann@big.example': 10 }, 812),
    }),
    [
      '1,234 messages to 812 addresses in 300 domains (most to big.example: 500) wait: the mail servers there can be reached.',
      'Arrived between 03:12 and 09:40.',
      'This is wanted mail as far as anybody can tell: left alone.',
    ],
  ],
  [
    'one message that nobody can judge',
    cause('waiting-mail', 'dns-failure', 'leave', 1, {
      newest: at(3, 12),
      domains: ranking({ 'slow.example': 1 }),
      recipients: ranking({ 'ann@slow.example': 1 }),
    }),
    [
      '1 message to ann@slow.example waits: DNS does not tell at the moment where that mail goes.',
      'Arrived at 03:12.',
      'Doubt removes nothing: left alone.',
    ],
  ],
  [
    'notices to real senders',
    cause('waiting-notice', 'deliverable', 'leave', 5, {
      domains: ranking({ 'good-1.example': 3, 'good-2.example': 2 }),
      recipients: ranking({ 'ann@good-1.example': 3, 'bob@good-2.example': 2 }),
      sites: ranking({ 'site-1.example': 3, 'site-2.example': 2 }),
    }),
    [
      '5 failure notices to ann@good-1.example and bob@good-2.example wait: the mail servers there can be reached.',
      'Written between 03:12 and 09:40 about mail to 2 domains.',
      'They can be delivered, and the senders are to be told: left alone.',
    ],
  ],
  [
    'what was held before',
    cause('held-mail', 'deliverable', 'leave', 2, {
      domains: ranking({ 'good-1.example': 2 }),
      recipients: ranking({ 'ann@good-1.example': 1, 'bob@good-1.example': 1 }),
    }),
    [
      '2 held messages to 2 addresses at good-1.example.',
      'Arrived between 03:12 and 09:40.',
      'The server or its admin holds them, and decides: left alone.',
    ],
  ],
  [
    'what is delivered',
    cause('finished', 'delivered-already', 'leave', 1),
    [
      '1 message that everybody has got already: the server is about to remove it.',
      'Nothing is to be done.',
    ],
  ],
  [
    'an address that is none, made harmless; a time that is none',
    cause('lost-notice', 'malformed-address', 'purge', 3, {
      recipients: ranking({ 'a\u001b[2J@x': 3 }),
      newest: Number.MAX_VALUE,
    }),
    [
      '3 failure notices to a\\x1b[2J@x: the address is malformed.',
      'Nobody can ever receive them, and nobody may be told (RFC 5321 6.2).',
    ],
  ],
];
for (const [name, found, sentences] of cases)
  test(name, () => assert.deepEqual(describeCause(found, now), sentences));

test('an address in a step must be one, and of the class that decided', () => {
  const step = (text: string) =>
    describeCause(cause('lost-notice', 'loopback', 'purge', 2, { ...seaton, steps: [text] }), now);
  for (const text of [
    'MX 10 x (loopback): no address',
    'MX 10 127.0.0.1 (loopback): no host name',
    'MX 10 x: 10.0.0.1 (private)',
    'MX 10 x: \u001b[2J (loopback)',
    'x 127.0.0.1 (loopback)',
    '',
  ])
    assert.match(step(text)[0] ?? '', /its MX is a loopback address, so/, text);
});

test('whatever the cause, its sentences are whole, and harmless on a terminal', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('nicholas@seaton.biz', '', '\u001b]0;x\u0007', '\u202e@x'),
  );
  const rankings = fc
    .record({
      texts: fc.uniqueArray(text, { maxLength: 10 }),
      more: fc.nat(3000),
      isExact: fc.boolean(),
    })
    .map(({ texts, more, isExact }) => ({
      distinct: texts.length + (texts.length < 10 ? 0 : more),
      isExact,
      top: texts.map((one, i) => ({ text: one, count: 20 - i })),
    }));
  const step = text.map((name) => `MX 10 ${name}: 127.0.0.1 (loopback)`);
  fc.assert(
    fc.property(
      fc.constantFrom(...entryKinds),
      fc.constantFrom(...(Object.keys(reasonWords) as Reason[])),
      fc.constantFrom(...proposals),
      fc.record({
        count: fc.integer({ min: 1, max: 1_000_000 }),
        domain: fc.option(text),
        steps: fc.array(step, { maxLength: 3 }),
        oldest: fc.double(),
        newest: fc.double(),
        domains: rankings,
        recipients: rankings,
        senders: rankings,
        clients: rankings,
        sites: rankings,
      }),
      (kind, reason, proposal, more) => {
        const found = cause(kind, reason, proposal, more.count, more);
        const { clients, senders, sites } = more;
        const sources = { causes: [], entries: 0, bytes: 0, clients, senders, sites };
        for (const line of [...describeCause(found, now), ...describeSources(sources)]) {
          assert.equal(printable(line, line.length), line);
          assert.match(line, /^[^ ].*\.$/);
          assert.doesNotMatch(line, /undefined|NaN|\bnull (?!MX|reverse)/);
          assert.ok(line.length < 1000);
        }
      },
    ),
  );
});

test('the sources of the flood', () => {
  const lines = describeSources({
    causes: [],
    entries: 0,
    bytes: 0,
    clients: ranking({ '192.0.2.66': 4312, '192.0.2.67': 12 }),
    senders: ranking({ 'nicholas@seaton.biz': 4320, '': 4 }),
    sites: ranking(
      { 'site-1.example': 90, 'site-2.example': 80, 'site-3.example': 70, 'site-4.example': 1 },
      50,
    ),
  });
  assert.deepEqual(lines, [
    'Where it came from: 192.0.2.66 (4,312) and 192.0.2.67 (12).',
    'Who it claimed to be: nicholas@seaton.biz (4,320) and <> (4).',
    'Whom it was written to: site-1.example (90), site-2.example (80), site-3.example (70) and 47 more.',
  ]);
  const none = {
    causes: [],
    entries: 0,
    bytes: 0,
    clients: nobody,
    senders: nobody,
    sites: nobody,
  };
  assert.deepEqual(describeSources(none), []);
});
