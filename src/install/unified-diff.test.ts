import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { unifiedDiff } from './unified-diff.ts';

const lines = (...numbers: (number | string)[]): string => numbers.map((n) => `${n}\n`).join('');

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
];

test('a difference is what patch(1) makes one text of the other with', (t) => {
  if (spawnSync('patch', ['--version']).status !== 0) return t.skip('needs the program patch');
  const folder = mkdtempSync(join(tmpdir(), 'spillway-diff-'));
  try {
    const file = join(folder, 'file');
    for (const [name, before, after] of cases) {
      writeFileSync(file, before);
      const input = `${unifiedDiff('file', before, after)}\n`;
      const { status, stdout } = spawnSync('patch', ['-o', '-', file], { input, encoding: 'utf8' });
      assert.equal(status, 0, `${name}\n${input}`);
      assert.equal(stdout.replace(/^patching file.*\n/, ''), after, `${name}\n${input}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('equal texts have no difference', () => assert.equal(unifiedDiff('f', 'a\n', 'a\n'), ''));

test('three lines around a change are shown', () => {
  assert.equal(
    unifiedDiff('f', lines(1, 2, 3, 4, 5), lines(1, 2, 3, 4, 'a', 5)),
    '--- f\n+++ f\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+a\n 5',
  );
});
