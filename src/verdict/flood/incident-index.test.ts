import assert from 'node:assert/strict';
import test from 'node:test';
import { Account } from './account.ts';
import { IncidentIndex } from './incident-index.ts';
import { defaultFloodLimits } from './limits.ts';
import { namesOf } from './named.ts';
import { OpenIncident } from './open-incident.ts';
import { createSee, type Sight } from './sight.ts';

const nameText = namesOf(0);
const see = createSee(0);
const client = '192.0.2.7';
const inForgedName = attempt('nicholas@seaton.biz');
const inAnother = attempt('ann@example.org');

function attempt(reversePath: string): Sight {
  const whose = { client, connection: null, reversePath, forwardPath: 'x@site-1.example' };
  return see({ kind: 'attempt', at: 0, ...whose, outcome: 'unknown' }, 0);
}

function indexWithFlood() {
  const index = new IncidentIndex(nameText);
  const subject = nameText('nicholas@seaton.biz');
  const flood = { cause: 'forged-sender', subject, account: new Account() } as const;
  index.set('sender', subject, new OpenIncident('2006-09-05.1', flood, defaultFloodLimits.quiet));
  const happens = (sight: Sight) => index.remember(sight, index.explain(sight));
  return { index, happens };
}

test('what else a client sends belongs to the flood as long as most of it does, however often that is asked', () => {
  const { index, happens } = indexWithFlood();
  for (let i = 0; i < 3; i++) happens(inForgedName);
  for (let i = 0; i < 100; i++) assert.equal(index.explain(inAnother)?.by, 'client');
  for (let i = 0; i < 2; i++) happens(inAnother);
  assert.equal(index.explain(inAnother)?.byCompany, true);
  happens(inAnother);
  assert.equal(index.explain(inAnother), null);
});

test('a client most of whose mail belonged to no flood does not belong to the one that comes', () => {
  const { index, happens } = indexWithFlood();
  happens(inForgedName);
  for (let i = 0; i < 5; i++) happens(inAnother);
  for (let i = 0; i < 4; i++) happens(inForgedName);
  assert.equal(index.explain(inAnother), null);
  for (let i = 0; i < 2; i++) happens(inForgedName);
  assert.equal(index.explain(inAnother)?.by, 'client');
});
