import assert from 'node:assert/strict';
import test from 'node:test';
import type { UnknownFate } from '../unknown-recipient.ts';
import { type DomainFacts, foretellUnknown, listItems } from './unknown-foretold.ts';

const facts = (domainClass: DomainFacts['class'], catchAll: string | null = null): DomainFacts => ({
  class: domainClass,
  catchAll,
  backend: null,
});

const cases: readonly [values: Record<string, string>, facts: DomainFacts, fate: UnknownFate][] = [
  [{ local_recipient_maps: 'unix:passwd.byname' }, facts('local'), 'refused'],
  [{ local_recipient_maps: '' }, facts('local'), 'accepted'],
  [{ local_recipient_maps: 'x:y', luser_relay: 'ann' }, facts('local'), 'catch-all'],
  [{}, facts('relay'), 'accepted'],
  [{ relay_recipient_maps: 'hash:/r' }, facts('relay'), 'refused'],
  [
    { smtpd_recipient_restrictions: 'reject_unauth_destination, reject_unverified_recipient' },
    facts('relay'),
    'refused',
  ],
  [
    { relay_recipient_maps: 'hash:/r', smtpd_reject_unlisted_recipient: 'no' },
    facts('relay'),
    'accepted',
  ],
  [
    {
      relay_recipient_maps: 'hash:/r',
      smtpd_reject_unlisted_recipient: 'no',
      smtpd_recipient_restrictions: 'reject_unlisted_recipient',
    },
    facts('relay'),
    'refused',
  ],
  [{ relay_recipient_maps: 'hash:/r' }, facts('relay', 'hash:/r'), 'catch-all'],
  [{ virtual_mailbox_maps: '' }, facts('virtual mailbox'), 'accepted'],
  [{ virtual_alias_maps: 'hash:/v' }, facts('virtual alias'), 'refused'],
];
for (const [values, of, fate] of cases)
  test(`Postfix, ${of.class} domain, ${JSON.stringify(values)}: ${fate}`, () =>
    assert.equal(foretellUnknown(new Map(Object.entries(values)), of).fate, fate));

test('Items of a list of Postfix', () => {
  assert.deepEqual(listItems('hash:/a, example.org\n  /file'), ['hash:/a', 'example.org', '/file']);
  assert.deepEqual(listItems('inline:{ {a.example = b} { c.example = d } } e.example'), [
    'inline:{ {a.example = b} { c.example = d } }',
    'e.example',
  ]);
});
