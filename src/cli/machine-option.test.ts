import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { openMachine } from './machine-option.ts';

test('A root that is no folder is told as such, and not as a machine without a mail server', () => {
  using folder = temporaryFolder();
  assert.equal(openMachine(undefined).folder, '/');
  assert.equal(openMachine(`${folder.path}/`).folder, folder.path);
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  assert.throws(() => openMachine(file), /expected a folder at .*file, found something else/);
  assert.throws(() => openMachine(`${file}.x`), { code: 'COMMAND', message: /found nothing$/ });
  assert.throws(() => openMachine(''), /found an empty name/);
});
