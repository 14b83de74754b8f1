import assert from 'node:assert/strict';
import test from 'node:test';
import { whoDecides } from './next-hop.ts';
import { defaultRoutePolicy } from './route-policy.ts';

const smarthosts = new Set(['smart.example', '[192.0.2.7]', '[127.0.0.1]:2525']);
const policy = { ...defaultRoutePolicy, smarthosts };

type Hop = readonly [mailer: string | null, host: string, address?: string];
const cases: readonly [name: string, hop: Hop, typed: string, want: string][] = [
  ['sendmail leaves it to the MX', ['esmtp', 'seaton.biz.'], 'a@seaton.biz', 'mx seaton.biz.'],
  ['Postfix leaves it to the MX', ['smtp', 'Seaton.BIZ'], '<a@seaton.biz>', 'mx Seaton.BIZ'],
  [
    'a relay domain of Postfix goes by MX',
    ['relay', 'seaton.biz'],
    'a@seaton.biz',
    'mx seaton.biz',
  ],
  ['a local mailbox', ['local', ''], 'a@own.example', 'operator'],
  ['a virtual mailbox', ['virtual', 'own.example'], 'a@own.example', 'operator'],
  ['LMTP', ['lmtp', 'unix:/run/dovecot/lmtp'], 'a@own.example', 'operator'],
  ['a program', ['prog', ''], 'a@own.example', 'operator'],
  ['a mailertable entry', ['esmtp', '[192.0.2.20]'], 'a@site.example', 'operator'],
  ['a mailertable entry with a name', ['esmtp', 'backend.example'], 'a@site.example', 'operator'],
  [
    'a smarthost decides nothing',
    ['relay', 'smart.example.', 'a@seaton.biz.'],
    'a@seaton.biz',
    'mx seaton.biz.',
  ],
  ...['[smart.example]', '[Smart.example.]:587', 'smart.example:submission', '[192.0.2.7]:25'].map(
    (relay): (typeof cases)[number] => [
      `the relayhost of Postfix, ${relay}`,
      ['smtp', relay, 'a@seaton.biz'],
      '<a@seaton.biz>',
      'mx seaton.biz',
    ],
  ),
  [
    'our own listener, which takes its notices',
    ['smtp', '[127.0.0.1]:2525', 'a@seaton.biz'],
    '<a@seaton.biz>',
    'mx seaton.biz',
  ],
  ['another port of that host', ['smtp', '[127.0.0.1]:10025'], '<a@seaton.biz>', 'operator'],
  ['a smarthost, and no address', ['relay', 'smart.example.'], 'a@seaton.biz', 'untold'],
  [
    'a smarthost gets what was hidden behind our own name',
    ['relay', 'smart.example.', 'a@seaton.biz.'],
    'a%seaton.biz@own.example',
    'mx seaton.biz.',
  ],
  [
    'an alias was made canonical',
    ['esmtp', 'real.example.', '<ann@real.example>'],
    'ann@alias.example',
    'mx real.example.',
  ],
  [
    'an address literal decides for itself',
    ['esmtp', '[127.0.0.1]'],
    'a@[127.0.0.1]',
    'mx [127.0.0.1]',
  ],
  ['an address that could not be resolved', ['error', '5.1.2'], 'a@seaton.biz', 'untold'],
  ['no mailer told', [null, 'seaton.biz'], 'a@seaton.biz', 'mx seaton.biz'],
  ['nothing told', [null, ''], 'a@seaton.biz', 'untold'],
  ['the percent hack', ['esmtp', 'seaton.biz.', 'a@seaton.biz.'], 'a%seaton.biz', 'mx seaton.biz.'],
  [
    'the percent hack by way of ourselves',
    ['esmtp', 'seaton.biz.', 'a@seaton.biz.'],
    'a%seaton.biz@own.example',
    'mx seaton.biz.',
  ],
  ['a bang path', ['esmtp', 'seaton.biz.', 'a@seaton.biz.'], 'seaton.biz!a', 'mx seaton.biz.'],
  [
    'quotes around it all',
    ['esmtp', 'seaton.biz.', 'a@seaton.biz.'],
    '"a@seaton.biz"',
    'mx seaton.biz.',
  ],
  [
    'a source route whose first host is obeyed',
    ['esmtp', 'seaton.biz.', '<@seaton.biz.>:a@good.example'],
    '@seaton.biz,@b.example:a@good.example',
    'mx seaton.biz.',
  ],
  [
    'a literal in a source route',
    ['esmtp', '[IPv6:::1]'],
    '@[ipv6:::1]:a@good.example',
    'mx [IPv6:::1]',
  ],
  [
    'a name in brackets',
    ['esmtp', '[seaton.biz]', 'a@[seaton.biz]'],
    'a%[seaton.biz]',
    'mx [seaton.biz]',
  ],
  [
    'an alias of a name that is none',
    ['esmtp', 'x\\)\\(y.example.', 'a@x\\)\\(y.example'],
    'a@alias.example',
    'mx x\\)\\(y.example.',
  ],
];
for (const [name, [mailer, host, address = null], typed, want] of cases)
  test(name, () => {
    const decision = whoDecides({ mailer, host, address }, typed, policy);
    assert.equal(decision.kind === 'mx' ? `mx ${decision.host}` : decision.kind, want);
  });
