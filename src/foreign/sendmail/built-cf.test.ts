import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { compareBuilt } from './built-cf.ts';
import { addToCf } from './cf.ts';
import { defaultGuardSettings } from './guard-settings.ts';

const plain = readFileSync(
  new URL('../../../test/golden/sendmail/plain.cf', import.meta.url),
  'latin1',
);
const edit = addToCf(plain, defaultGuardSettings);
assert(edit.kind === 'changed');
const guarded = edit.text;

const cases: readonly [name: string, after: string, want: RegExp | null][] = [
  ['the guard and nothing else', guarded, null],
  ['other comments', `# built by somebody else\n${guarded}`, null],
  ['a rule of ours is missing', guarded.replace(/^Rdiscard.*\n/m, ''), /missing: Rdiscard/],
  ['a rule of ours came out otherwise', guarded.replace('$#discard $:', '$:'), /missing: Rdiscard/],
  ['a line of the old one is lost', guarded.replace(/^Troot\n/m, ''), /lost: Troot/],
  ['a line of neither', `${guarded}Cwx\n`, /not ours: Cwx/],
  [
    'a filter is lost',
    guarded.replaceAll('clamav, spam', 'spam'),
    /expected clamav, spam, spillway, found spam, spillway/,
  ],
  ['nothing at all', '', /lost/],
];
for (const [name, after, want] of cases)
  test(`a new sendmail.cf with ${name}`, () => {
    const found = compareBuilt(plain, after, defaultGuardSettings).join('\n');
    if (want) assert.match(found, want);
    else assert.equal(found, '');
  });

test('a sendmail.cf without the guard is the old one', () => {
  assert.deepEqual(compareBuilt(plain, plain, null), []);
  assert.match(compareBuilt(plain, guarded, null).join(), /not ours/);
});
