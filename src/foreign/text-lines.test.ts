import assert from 'node:assert/strict';
import test from 'node:test';
import { splitLines } from './text-lines.ts';

const cases: readonly [text: string, lines: readonly string[]][] = [
  ['', []],
  ['a', ['a']],
  ['a\n', ['a\n']],
  ['a\r\n\n b', ['a\r\n', '\n', ' b']],
];
for (const [text, lines] of cases)
  test(`lines of ${JSON.stringify(text)}`, () => assert.deepEqual(splitLines(text), lines));

test('a line as long as a file may be is one', () => {
  const line = 'x'.repeat(16 * 1024 * 1024);
  assert.deepEqual(splitLines(line), [line]);
});
