import assert from 'node:assert/strict';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { type LogFile, openLogFile } from './log-file.ts';

async function textOf(file: LogFile): Promise<string> {
  let text = '';
  for await (const chunk of file.read()) text += chunk.toString();
  return text;
}

test('a log that is rotated between opening and reading is not taken for the new one', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'mail.log');
  writeFileSync(path, 'old\n');
  const file = await openLogFile(path);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new\n');
  await assert.rejects(textOf(file), /another file took its name meanwhile/);
});

test('a log that is cut while it is open says so', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'mail.log');
  writeFileSync(path, 'one\ntwo\n');
  const file = await openLogFile(path);
  truncateSync(path, 4);
  await assert.rejects(textOf(file), /became shorter while it was read/);
});

test('a log that grows meanwhile is read to where it ends then, as often as it is read', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'mail.log');
  writeFileSync(path, 'one\n');
  const file = await openLogFile(path);
  appendFileSync(path, 'two\n');
  assert.equal(await textOf(file), 'one\ntwo\n');
  assert.equal(await textOf(file), 'one\ntwo\n');
});
