import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { typedPath } from './install-server.ts';

const here = process.cwd();
const cases: readonly [path: string, root: string | undefined, want: string][] = [
  ['main.cf', undefined, join(here, 'main.cf')],
  ['main.cf', '/', join(here, 'main.cf')],
  ['/etc/main.cf', undefined, '/etc/main.cf'],
  ['etc/main.cf', '/mnt/old', '/etc/main.cf'],
  ['../../etc/main.cf', '/mnt/old', '/etc/main.cf'],
];
for (const [path, root, want] of cases)
  test(`${path} of ${root ?? 'this machine'} is ${want.replace(here, '.')}`, () =>
    assert.equal(typedPath(path, root), want));
