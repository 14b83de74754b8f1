import assert from 'node:assert/strict';
import test from 'node:test';
import { exampleIncident, exampleReceipt } from '../../test/store/journal-suite.ts';
import type { Incident } from '../verdict/flood/incident.ts';
import type { Receipt } from '../verdict/verdict.ts';
import { receiptsOf } from './journal-incidents.ts';

const many: Partial<Incident> = {
  cause: 'slow-harvest',
  subject: '',
  joined: ['2006-09-05.2'],
  parts: [1, 2, 3, 4].map((n) => ({
    id: null,
    cause: 'slow-harvest',
    subject: `site-${n}.example`,
  })),
};
const unknown = { check: 'mailbox', reason: 'mailbox-unknown' } as const;
const cases: readonly [
  name: string,
  incident: Partial<Incident>,
  receipt: Partial<Receipt>,
  isIn: boolean,
][] = [
  ['mail of the forged sender', {}, { reversePath: 'Nicholas@seaton.biz' }, true],
  ['mail of another', {}, { reversePath: 'ann@seaton.biz' }, false],
  [
    'mail of one that turned out to be part of it',
    { parts: [{ id: null, cause: 'forged-sender', subject: 'ann@seaton.biz' }] },
    { reversePath: 'ann@seaton.biz' },
    true,
  ],
  [
    'what names it',
    { subject: 'ann@x.example' },
    { steps: ['it belongs to the incident 2006-09-05.1'] },
    true,
  ],
  ['what names a part of it', many, { steps: ['it belongs to the incident 2006-09-05.2'] }, true],
  ['what names another', many, { steps: ['it belongs to the incident 2006-09-05.21'] }, false],
  [
    'an invented mailbox at one of many domains',
    many,
    { ...unknown, forwardPath: 'x@site-3.example' },
    true,
  ],
  ['one at another domain', many, { ...unknown, forwardPath: 'x@site-9.example' }, false],
  ['a sender refused at one of them', many, { forwardPath: 'x@site-3.example' }, false],
];
for (const [name, incident, receipt, isIn] of cases)
  test(`to an incident ${isIn ? 'belongs' : 'does not belong'}: ${name}`, async () => {
    const stored = { ...exampleReceipt(receipt), id: 1 };
    const journal = {
      async *read() {
        yield stored;
      },
    };
    const found = await Array.fromAsync(receiptsOf(exampleIncident(incident), journal, {}));
    assert.equal(found.length, isIn ? 1 : 0);
  });
