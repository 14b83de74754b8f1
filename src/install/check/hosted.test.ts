import assert from 'node:assert/strict';
import test from 'node:test';
import { type UnknownFate, unknownForetold } from '../../foreign/unknown-recipient.ts';
import { findUnknown, mostDomains } from './hosted.ts';

const cases: readonly [
  foretold: UnknownFate,
  said: string | null,
  isLikeOthers: boolean,
  fate: UnknownFate,
][] = [
  ['accepted', null, true, 'accepted'],
  ['accepted', '550 5.1.1 No', true, 'refused'],
  ['accepted', '450 4.1.1 Later', true, 'later'],
  ['refused', '250 Ok', true, 'accepted'],
  ['refused', '250 Ok', false, 'refused'],
  ['refused', '550 5.1.1 No', false, 'refused'],
  ['catch-all', '250 Ok', true, 'catch-all'],
  ['unclear', '250 Ok', true, 'accepted'],
];
for (const [foretold, said, isLikeOthers, fate] of cases)
  test(`${foretold} by the configuration, ${said} at ${isLikeOthers ? 'a' : 'its own'} door: ${fate}`, async () => {
    const found = await findUnknown(
      { domains: ['a.example'], unlisted: [] },
      async () => [unknownForetold(foretold, 'so it stands there')],
      { isLikeOthers, ask: async () => said },
    );
    assert.deepEqual(
      found.domains.map((one) => [one.domain, one.fate, one.said]),
      [['a.example', fate, said]],
    );
  });

test('Each domain is asked about once, with a new name, and no more than the most', async () => {
  const names = Array.from({ length: mostDomains + 5 }, (_, i) => `d${i}.example`);
  const asked: string[] = [];
  const found = await findUnknown(
    { domains: ['D0.example.', '[192.0.2.1]', 'no domain', ...names], unlisted: ['a table'] },
    async (addresses) => {
      asked.push(...addresses);
      return addresses.map(() => unknownForetold('refused', ''));
    },
    null,
  );
  assert.equal(asked.length, mostDomains);
  assert.equal(new Set(asked.map((address) => address.split('@')[0])).size, mostDomains);
  assert.ok(asked.every((address) => /^spillway-check-[0-9a-f]{12}@d\d+\.example$/.test(address)));
  assert.deepEqual([found.left, found.unlisted], [5, ['a table']]);
});
