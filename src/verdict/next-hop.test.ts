import assert from 'node:assert/strict';
import test from 'node:test';
import { decidedByOperator } from './next-hop.ts';
import { defaultRoutePolicy } from './route-policy.ts';

const policy = { ...defaultRoutePolicy, smarthosts: new Set(['smart.example']) };

type Hop = readonly [mailer: string | null, host: string, address?: string];
const cases: readonly [name: string, hop: Hop, domain: string, isDecided: boolean][] = [
  ['sendmail leaves it to the MX', ['esmtp', 'seaton.biz.'], 'seaton.biz', false],
  ['Postfix leaves it to the MX', ['smtp', 'Seaton.BIZ'], 'seaton.biz', false],
  ['a relay domain of Postfix goes by MX as well', ['relay', 'seaton.biz'], 'seaton.biz', false],
  ['a local mailbox', ['local', ''], 'own.example', true],
  ['a virtual mailbox', ['virtual', 'own.example'], 'own.example', true],
  ['LMTP', ['lmtp', 'unix:/run/dovecot/lmtp'], 'own.example', true],
  ['a program', ['prog', ''], 'own.example', true],
  ['a mailertable entry', ['esmtp', '[192.0.2.20]'], 'site.example', true],
  ['a mailertable entry with a name', ['esmtp', 'backend.example'], 'site.example', true],
  ['a smarthost decides nothing', ['relay', 'smart.example.'], 'seaton.biz', false],
  [
    'an alias was made canonical',
    ['esmtp', 'real.example.', '<ann@real.example>'],
    'alias.example',
    false,
  ],
  ['an address literal decides for itself', ['esmtp', '[127.0.0.1]'], '[127.0.0.1]', false],
  ['an address that could not be resolved', ['error', '5.1.2'], 'seaton.biz', false],
  ['no mailer told', [null, 'seaton.biz'], 'seaton.biz', false],
  ['nothing told', [null, ''], 'seaton.biz', false],
];
for (const [name, [mailer, host, address = null], domain, isDecided] of cases)
  test(name, () =>
    assert.equal(decidedByOperator({ mailer, host, address }, domain, policy) !== null, isDecided),
  );
