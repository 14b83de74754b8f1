import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { withoutBounceTag } from './batv.ts';

const cases: readonly [name: string, path: string, want: string][] = [
  ['as Exim writes it', 'prvs=0340f89b2a=ann@example.org', 'ann@example.org'],
  ['in brackets', '<prvs=0340f89b2a=ann@example.org>', '<ann@example.org>'],
  [
    'in capitals, as some servers on the way make it',
    'PRVS=0340F89B2A=Ann@Example.org',
    'Ann@Example.org',
  ],
  ['a name with a sign of equality', 'prvs=0340f89b2a=a=b@example.org', 'a=b@example.org'],
  ['a name in quotes', '"prvs=0340f89b2a=odd name"@example.org', '"odd name"@example.org'],
  ['without a domain', 'prvs=0340f89b2a=ann', 'ann'],
];
for (const [name, path, want] of cases)
  test(`a tag, ${name}`, () => assert.equal(withoutBounceTag(path), want));

const others = [
  '',
  '<>',
  'ann@example.org',
  'prvs=ann@example.org',
  'prvs=0340f89b2=ann@example.org',
  'prvs=0340f89b2ag=ann@example.org',
  'prvs=0340f89b2a=@example.org',
  'prvs=0340f89b2a=',
  'xprvs=0340f89b2a=ann@example.org',
  'ann@prvs=0340f89b2a=example.org',
];
for (const path of others)
  test(`no tag: ${path}`, () => assert.equal(withoutBounceTag(path), path));

test('of any path no more than one tag is taken, whatever stands behind it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (path) => {
      fc.pre(!path.startsWith('@'));
      assert.equal(withoutBounceTag(`prvs=0340f89b2a=${path}`), path);
    }),
  );
});
