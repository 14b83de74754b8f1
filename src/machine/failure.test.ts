import assert from 'node:assert/strict';
import test from 'node:test';
import { failureOf } from './failure.ts';
import type { Ran } from './root.ts';

const cases: readonly [ran: Partial<Ran>, said: string][] = [
  [{ stderr: 'm4: no such file\n' }, 'm4 ended with status 1: m4: no such file'],
  [{ stdout: 'refused\r\n' }, 'm4 ended with status 1: refused'],
  [{ stdout: 'made\n', stderr: 'failed\n' }, 'm4 ended with status 1: failed'],
  [{ status: 127 }, 'm4 ended with status 127 and said nothing'],
  [
    { status: null, stderr: 'spawn sh ENOENT' },
    'm4 was not started, was killed, or took too long: spawn sh ENOENT',
  ],
  [{ stderr: 'one\n\n  two\n' }, 'm4 ended with status 1:\n  one\n  two'],
  [
    { stderr: 'a\nb\nc\nd\ne\nf\ng\n' },
    'm4 ended with status 1:\n  a\n  b\n  c\n  d\n  e\n  and 2 more',
  ],
];
for (const [ran, said] of cases)
  test(said, () =>
    assert.equal(failureOf('m4', { status: 1, stdout: '', stderr: '', ...ran }), said),
  );

test('of a program that says very much, a little is told', () => {
  const line = 'x'.repeat(100_000);
  for (const stderr of [line, `${line}\n`.repeat(100)])
    assert.ok(failureOf('m4', { status: 1, stdout: '', stderr }).length < 2_000);
});
