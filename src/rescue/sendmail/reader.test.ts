import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { QueueFolderError } from '../reader.ts';
import { queueFoldersUnder } from './folders.ts';
import { openSendmailReader } from './reader.ts';

const golden = new URL('../../../test/golden/queue-sendmail/', import.meta.url).pathname;
const longAgo = new Date('2006-09-05T10:00:00Z');

/** What a reader makes of all folders in `top` but those that are told to be none; paths are relative. */
function readAll(top: string) {
  const folders = readdirSync(top, { withFileTypes: true })
    .filter((file) => file.isDirectory() && !file.name.startsWith('outside'))
    .map(({ name }) => join(top, name));
  const reader = openSendmailReader(folders.toSorted());
  const short = (text: string) => text.replaceAll(`${top}/`, '');
  const entries: unknown[] = [];
  const unreadable: { path: string; problem: string }[] = [];
  for (const listed of reader.list()) {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
    if (read.kind === 'unreadable')
      unreadable.push({ path: short(read.path), problem: short(read.problem) });
    if (listed.kind !== 'entry' || read.kind !== 'entry') continue;
    assert.deepEqual(reader.find(listed.place.id), listed.place);
    entries.push({ files: reader.filesOf(listed.place).map(short), ...read.entry });
  }
  const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return { entries: entries.toSorted(byText), unreadable: unreadable.toSorted(byText) };
}

/** Files of a checkout are new, and new ones may still be written. */
function makeOld(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    lutimesSync(join(folder, name), longAgo, longAgo);
}

for (const name of readdirSync(golden))
  test(`queue-sendmail/${name}`, () => {
    using folder = temporaryFolder();
    const top = folder.path;
    cpSync(join(golden, name), top, { recursive: true, verbatimSymlinks: true });
    makeOld(top);
    const expected = join(golden, name, 'expected.json');
    const found = readAll(top);
    if (process.env['SPILLWAY_WRITE_GOLDEN'] === '1')
      writeFileSync(expected, `${JSON.stringify(found, null, 2)}\n`);
    assert.deepEqual(found, JSON.parse(readFileSync(expected, 'utf8')));
  });

test('A control file that is still being written is no entry yet, and no trouble', () => {
  using folder = temporaryFolder();
  const top = folder.path;
  mkdirSync(join(top, 'mqueue'));
  for (const content of ['', 'V8\nT1795385078\n'])
    writeFileSync(join(top, `mqueue/qf6AMM4cxb00000${content.length % 7}`), content);
  assert.deepEqual(readAll(top), { entries: [], unreadable: [] });
});

test('Pipes and folders in place of files are no trouble', { timeout: 10_000 }, () => {
  using folder = temporaryFolder();
  const top = folder.path;
  mkdirSync(join(top, 'mqueue/qf6AMM4cxb000001'), { recursive: true });
  spawnSync('mkfifo', [join(top, 'mqueue/qf6AMM4cxb000002')]);
  cpSync(
    join(golden, '02-wanted-mail/mqueue/qf6AMM4cxb000062'),
    join(top, 'mqueue/qf6AMM4cxb000003'),
  );
  spawnSync('mkfifo', [join(top, 'mqueue/df6AMM4cxb000003')]);
  makeOld(join(top, 'mqueue'));
  const { entries, unreadable } = readAll(top);
  assert.deepEqual(entries, []);
  assert.equal(unreadable.length, 3);
});

test('An entry that leaves meanwhile is absent', () => {
  using folder = temporaryFolder();
  const top = folder.path;
  cpSync(join(golden, '02-wanted-mail'), top, { recursive: true });
  const reader = openSendmailReader([join(top, 'mqueue')]);
  const [listed] = reader.list();
  assert.ok(listed?.kind === 'entry');
  rmSync(listed.place.path);
  assert.deepEqual(reader.read(listed.place), { kind: 'absent' });
  assert.equal(reader.find(listed.place.id), null);
  assert.deepEqual(reader.read({ id: 'x', path: '/etc/passwd' }).kind, 'unreadable');
  assert.equal(reader.find('../../etc/passwd'), null);
});

test('A list of recipients of any length is read', () => {
  using folder = temporaryFolder();
  const top = folder.path;
  mkdirSync(join(top, 'mqueue'));
  const recipients = Array.from(
    { length: 20_000 },
    (_, i) => `RPFD:<customer-${i}@good-1.example>`,
  );
  const lines = [
    'V8',
    'T1795385078',
    'S<ann@good-2.example>',
    ...recipients,
    'H??Subject: x',
    '.',
    '',
  ];
  writeFileSync(join(top, 'mqueue/qf6AMM4cxb000001'), lines.join('\n'));
  writeFileSync(join(top, 'mqueue/df6AMM4cxb000001'), 'x');
  const reader = openSendmailReader([join(top, 'mqueue')]);
  const [listed] = reader.list();
  assert.ok(listed?.kind === 'entry');
  const read = reader.read(listed.place);
  assert.ok(read.kind === 'entry', JSON.stringify(read).slice(0, 200));
  assert.equal(read.entry.recipients.length, 20_000);
  assert.equal(read.entry.recipients.at(-1)?.forwardPath, 'customer-19999@good-1.example');
});

test('A folder that is not there is told', () => {
  using folder = temporaryFolder();
  const top = folder.path;
  assert.throws(() => openSendmailReader([join(top, 'nowhere')]), QueueFolderError);
  writeFileSync(join(top, 'file'), '');
  assert.throws(() => openSendmailReader([join(top, 'file')]), QueueFolderError);
});

test('A copy of a split queue is named by the folder above', () => {
  const folders = (name: string) =>
    queueFoldersUnder(join(golden, name)).map((path) => path.slice(join(golden, name).length));
  assert.deepEqual(folders('18-split-spool'), ['/qd1', '/qd2', '/qd3']);
  assert.deepEqual(folders('02-wanted-mail/mqueue'), ['']);
  assert.deepEqual(folders('18-split-spool/qd1'), ['']);
  assert.deepEqual(folders('22-body-alone'), ['']);
});
