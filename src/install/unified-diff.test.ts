import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { unifiedDiff } from './unified-diff.ts';

const lines = (...numbers: (number | string)[]): string => numbers.map((n) => `${n}\n`).join('');

const far = Array.from({ length: 20 }, (_, i) => i + 2);
const many = Array.from({ length: 1_000 }, (_, i) => i + 1);

const cases: readonly [name: string, before: string, after: string][] = [
  ['lines at the end', lines(1, 2, 3, 4, 5), lines(1, 2, 3, 4, 5, 'a', 'b')],
  ['lines at the end of few', lines(1), lines(1, 'a')],
  ['lines in an empty file', '', lines('a', 'b')],
  ['all lines taken away', lines('a', 'b'), ''],
  ['lines in the middle', lines(1, 2, 3, 4, 5, 6, 7, 8), lines(1, 2, 3, 4, 'a', 5, 6, 7, 8)],
  ['a line that changes', lines(1, 2, 3, 4, 5), lines(1, 2, 'x', 4, 5)],
  ['lines at the beginning', lines(1, 2, 3, 4, 5), lines('a', 1, 2, 3, 4, 5)],
  ['a last line without its end', '1\n2', '1\n2\na\n'],
  ['a last line that stays without its end', '1\n2', 'a\n1\n2'],
  ['the same line again', lines(1, 1), lines(1, 1, 1)],
  ['a line far above, and lines at the end', lines(1, ...far, 2), lines('x', ...far, 2, 'a')],
  ['changes that are near each other', lines(1, ...far), lines('a', 1, 2, 3, 'b', ...far.slice(2))],
  ['all of it', lines(...far, ...far), lines(...far.map((n) => -n))],
  ['more than is compared', lines(...many), lines(...many.map((n) => -n))],
];

test('a difference is what patch(1) makes one text of the other with', (t) => {
  if (spawnSync('patch', ['--version']).status !== 0) return t.skip('needs the program patch');
  using folder = temporaryFolder();
  const file = join(folder.path, 'file');
  for (const [name, before, after] of cases) {
    writeFileSync(file, before);
    const input = `${unifiedDiff('file', before, after)}\n`;
    const { status, stdout } = spawnSync('patch', ['-o', '-', file], { input, encoding: 'utf8' });
    assert.equal(status, 0, `${name}\n${input}`);
    assert.equal(stdout.replace(/^patching file.*\n/, ''), after, `${name}\n${input}`);
  }
});

test('equal texts have no difference', () => assert.equal(unifiedDiff('f', 'a\n', 'a\n'), ''));

test('three lines around a change are shown', () => {
  assert.equal(
    unifiedDiff('f', lines(1, 2, 3, 4, 5), lines(1, 2, 3, 4, 'a', 5)),
    '--- f\n+++ f\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+a\n 5',
  );
});

test('what lies between two changes is left out', () => {
  const middle = Array.from({ length: 50 }, (_, i) => `line ${i}`);
  assert.equal(
    unifiedDiff('f', lines('listen', ...middle), lines('#listen', ...middle, 'listen')),
    '--- f\n+++ f\n@@ -1,4 +1,4 @@\n-listen\n+#listen\n line 0\n line 1\n line 2\n@@ -49,3 +49,4 @@\n line 47\n line 48\n line 49\n+listen',
  );
});

test('texts as long as a file may be are compared', () => {
  const long = 'x\n'.repeat(100_000);
  assert.match(unifiedDiff('f', long, `a\n${long}b\n`), /^@@ -1,3 \+1,4 @@$[\s\S]*^\+b$/m);
  assert.match(unifiedDiff('f', long, long.replaceAll('x', 'y')), /^-x$[\s\S]*^\+y$/m);
});

test('random texts are made of each other', (t) => {
  if (spawnSync('patch', ['--version']).status !== 0) return t.skip('needs the program patch');
  using folder = temporaryFolder();
  const file = join(folder.path, 'file');
  const random = () => lines(...Array.from({ length: randomInt(12) }, () => randomInt(4)));
  const cut = (text: string) => (randomInt(3) === 0 ? text.slice(0, -1) : text);
  for (let i = 0; i < 150; i++) {
    const [before, after] = [cut(random()), cut(random())];
    if (before === after) continue;
    writeFileSync(file, before);
    const input = `${unifiedDiff('file', before, after)}\n`;
    const { stdout } = spawnSync('patch', ['-s', '-o', '-', file], { input, encoding: 'utf8' });
    assert.equal(stdout, after, `${JSON.stringify([before, after])}\n${input}`);
  }
});
