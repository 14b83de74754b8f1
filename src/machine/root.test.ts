import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { isFile, outside } from './root.ts';

const cases: readonly [name: string, link: string, target: string, path: string, want: string][] = [
  ['no link', '/etc/other', 'x', '/etc/main.cf', '/etc/main.cf'],
  ['a link to a file', '/etc/main.cf', '../srv/main.cf', '/etc/main.cf', '/srv/main.cf'],
  ['an absolute one', '/etc/main.cf', '/srv/main.cf', '/etc/main.cf', '/srv/main.cf'],
  ['a link to the folder above', '/etc/postfix', '/srv', '/etc/postfix/main.cf', '/srv/main.cf'],
  ['above the root', '/etc/postfix', '../../../../srv', '/etc/postfix/main.cf', '/srv/main.cf'],
  ['dots in the path', '/etc/postfix', '/srv/deep', '/etc/postfix/../main.cf', '/srv/main.cf'],
];
for (const [name, link, target, path, want] of cases)
  test(`A path of another machine leads to a file in its root: ${name}`, () => {
    using root = temporaryFolder();
    mkdirSync(join(root.path, 'etc'));
    mkdirSync(join(root.path, 'srv/deep'), { recursive: true });
    writeFileSync(join(root.path, want), 'its own');
    symlinkSync(target, join(root.path, link));
    const found = outside({ folder: root.path }, path);
    assert.equal(found, join(root.path, want));
    assert.equal(readFileSync(found, 'latin1'), 'its own');
  });

test('Links that go round in circles lead to no file', async () => {
  using root = temporaryFolder();
  symlinkSync('/b', join(root.path, 'a'));
  symlinkSync('a', join(root.path, 'b'));
  const run = () => assert.fail();
  assert.equal(await isFile({ folder: root.path, run }, '/a'), false);
  assert.equal(await isFile({ folder: root.path, run }, '/a/main.cf'), false);
});
