import assert from 'node:assert/strict';
import test from 'node:test';
import type { Proposal } from '../../verdict/entry.ts';
import type { Cause, Findings } from '../causes/cause.ts';
import { type Choice, nameCauses, numbersIn, planEntries, unknownCauses } from './plan.ts';

const nobody = { distinct: 0, isExact: true, top: [] };

function cause(number: number, name: string, proposal: Proposal, ids: string[]): Cause {
  return {
    number,
    name,
    kind: 'lost-notice',
    reason: 'loopback',
    proposal,
    domain: null,
    steps: [],
    count: ids.length,
    bytes: 0,
    oldest: 0,
    newest: 0,
    tries: null,
    domains: nobody,
    recipients: nobody,
    senders: nobody,
    clients: nobody,
    sites: nobody,
    ids,
    fingerprints: ids.map((_, at) => at),
  };
}

const findings: Findings = {
  causes: [
    cause(1, 'lost-notice:seaton.biz', 'purge', ['A', 'B']),
    cause(2, 'waiting-mail:deliverable', 'leave', ['C']),
    cause(3, 'stray-mail:dead.example', 'hold', ['D']),
  ],
  entries: 4,
  bytes: 0,
  clients: nobody,
  senders: nobody,
  sites: nobody,
};

const cases: readonly [name: string, choice: Choice, want: string][] = [
  ['the proposals', { causes: 'proposed', action: null }, 'purge A, purge B, hold D'],
  [
    'all proposals, but nothing removed',
    { causes: 'proposed', action: 'hold' },
    'hold A, hold B, hold D',
  ],
  ['a cause by its number', { causes: ['1'], action: null }, 'purge A, purge B'],
  ['a cause by its name', { causes: ['stray-mail:dead.example'], action: null }, 'hold D'],
  ['wanted mail is left, though it is named', { causes: ['2'], action: null }, ''],
  ['everything', { causes: 'all', action: 'purge' }, 'purge A, purge B, purge C, purge D'],
  ['unless the admin says what to do with it', { causes: ['2'], action: 'hold' }, 'hold C'],
];

for (const [name, choice, want] of cases)
  test(name, () => {
    const plan = [...planEntries(findings, choice)].map(({ id, action }) => `${action} ${id}`);
    assert.equal(plan.join(', '), want);
  });

test('a cause that is not there is named', () => {
  assert.deepEqual(unknownCauses(findings, { causes: ['1', '9', 'x'], action: null }), ['9', 'x']);
});

test('a number stands for the cause that had it, also when another one is the largest', () => {
  const choice = nameCauses(findings, { causes: ['1', '9'], action: 'purge' });
  assert.deepEqual(choice.causes, ['lost-notice:seaton.biz', '9']);
  assert.deepEqual(numbersIn(choice), ['9']);
  const causes = findings.causes.slice(1).map((each, at) => ({ ...each, number: at + 1 }));
  assert.deepEqual([...planEntries({ ...findings, causes }, choice)], []);
});
