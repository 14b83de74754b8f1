import assert from 'node:assert/strict';
import test from 'node:test';
import { exampleIncident } from '../../../test/store/journal-suite.ts';
import type { Incident } from '../../verdict/flood/incident.ts';
import { describeIncident } from './incident-story.ts';

const clients = { distinct: 14_043, top: [] };
const sites = { distinct: 47, top: [] };
const atTheDoor: Partial<Incident> = {
  clients,
  sites,
  received: { messages: 0, bytes: 0, recipients: 13_000, unknown: 13_000, connections: null },
  made: { notices: 0, deliveries: 0, bytes: 0, returns: 0, cpu: null },
  ended: { refused: 13_000, dropped: 0, delivered: 0, failed: 0, deferred: 0 },
};
const cases: readonly [name: string, incident: Partial<Incident>, title: string, what: string][] = [
  [
    'a domain that is harvested slowly',
    { ...atTheDoor, cause: 'slow-harvest', subject: 'site-1.example' },
    'Many clients, each a little, try who exists at site-1.example',
    'About 14,000 clients tried 13,000 recipients at site-1.example, each of them so few that nobody notices.',
  ],
  [
    'many such domains',
    { ...atTheDoor, cause: 'slow-harvest', subject: '' },
    'Many clients, each a little, try who exists at many domains here',
    'About 14,000 clients tried 13,000 recipients at about 47 domains, each of them so few that nobody notices.',
  ],
];
for (const [name, incident, title, what] of cases)
  test(`in words: ${name}`, () => {
    const told = describeIncident(exampleIncident(incident));
    assert.equal(told.title, title);
    assert.ok(told.what[0]?.startsWith(what), told.what[0]);
    assert.deepEqual(told.damage, ['Nothing of it went out again: the damage ended at the door.']);
  });

test('a slow harvest of which something was taken is not told as if nothing had been', () => {
  const made = { notices: 0, deliveries: 1500, bytes: 0, returns: 0, cpu: null };
  const slow = { ...atTheDoor, cause: 'slow-harvest', subject: '', made } as const;
  const { what, damage } = describeIncident(exampleIncident(slow));
  assert.equal(what[1], 'The server refused 13,000 recipients at its door.');
  assert.deepEqual(damage, ['What was not refused at once came to 1,500 attempts to deliver.']);
});
