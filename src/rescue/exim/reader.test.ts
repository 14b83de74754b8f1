import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { QueueFolderError } from '../reader.ts';
import { openEximReader } from './reader.ts';

const golden = fileURLToPath(new URL('../../../test/golden/queue-exim/', import.meta.url));

/** Everything of a spool, with paths inside of it. */
function readSpool(spool: string): unknown {
  const reader = openEximReader([spool]);
  const inside = (path: string) => path.slice(spool.length + 1);
  const entries: unknown[] = [];
  const unreadable: unknown[] = [];
  for (const listed of reader.list()) {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
    if (read.kind === 'unreadable')
      unreadable.push({ path: inside(read.path), problem: read.problem });
    if (read.kind !== 'entry' || listed.kind !== 'entry') continue;
    const { place } = listed;
    assert.deepEqual(reader.find(place.id), { id: place.id, path: place.path });
    // Not while listing, the journal is looked for on disk.
    assert.deepEqual(openEximReader([spool]).read(place), read);
    entries.push({ files: reader.filesOf(place).map(inside), ...read.entry });
  }
  const order = (one: unknown) => JSON.stringify(one);
  const byText = (a: unknown, b: unknown) => (order(a) < order(b) ? -1 : 1);
  return { entries: entries.sort(byText), unreadable: unreadable.sort(byText) };
}

for (const name of readdirSync(golden))
  test(`an Exim queue: ${name}`, () => {
    const expected = JSON.parse(readFileSync(join(golden, name, 'expected.json'), 'utf8'));
    const found: unknown = JSON.parse(JSON.stringify(readSpool(join(golden, name, 'spool'))));
    assert.deepEqual(found, expected);
  });

const id = '1r4dGu-000001-2k';

function headerOf(recipients: readonly string[], header = ''): string {
  const envelope = [`${id}-H`, 'mail 8 8', '<ann@sender.example>', '1700000000 0', 'XX'];
  return [...envelope, recipients.length, ...recipients, '', header].join('\n');
}

function makeSpool(spool: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(spool, 'input'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(spool, 'input', name), text);
}

test('a -H file of any size is read whole', () => {
  using folder = temporaryFolder();
  const recipients = Array.from({ length: 20_000 }, (_, i) => `customer-${i}@good-1.example`);
  makeSpool(folder.path, { [`${id}-H`]: headerOf(recipients), [`${id}-D`]: `${id}-D\nbody\n` });
  const reader = openEximReader([folder.path]);
  const place = reader.find(id);
  assert.ok(place);
  for (let i = 0; i < 2; i++) {
    const read = reader.read(place);
    assert.ok(read.kind === 'entry');
    assert.equal(read.entry.recipients.length, 20_000);
    assert.equal(read.entry.recipients.at(-1)?.forwardPath, 'customer-19999@good-1.example');
    assert.equal(read.entry.size, 6);
  }
});

const tricks: readonly [name: string, make: (path: string) => void, problem: RegExp][] = [
  ['a link', (path) => symlinkSync('/etc/passwd', path), /found a symbolic link/],
  ['a link to nothing', (path) => symlinkSync('/nowhere', path), /found a symbolic link/],
  ['a folder', (path) => mkdirSync(path), /found a folder/],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), /line 1, found the end of the file/],
];
for (const [name, make, problem] of tricks)
  test(`${name} in the place of a -H file is told and not followed`, () => {
    using folder = temporaryFolder();
    makeSpool(folder.path, { [`${id}-D`]: `${id}-D\n` });
    const path = join(folder.path, 'input', `${id}-H`);
    make(path);
    const read = openEximReader([folder.path]).read({ id, path });
    assert.ok(read.kind === 'unreadable');
    assert.match(read.problem, problem);
  });

test('what is gone is absent, and no message id is looked for as a path', () => {
  using folder = temporaryFolder();
  makeSpool(folder.path, { [`${id}-H`]: headerOf(['bob@good-1.example']) });
  const reader = openEximReader([folder.path]);
  const gone = { id: '1r4dGu-000002-2k', path: join(folder.path, 'input/1r4dGu-000002-2k-H') };
  assert.deepEqual(reader.read(gone), { kind: 'absent' });
  assert.equal(reader.find(gone.id), null);
  assert.equal(reader.find(`../input/${id}`), null);
  assert.equal(reader.find('--help'), null);
});

test('a spool that cannot be read is no empty queue', () => {
  using folder = temporaryFolder();
  for (const spool of [join(folder.path, 'nowhere'), folder.path])
    assert.throws(() => [...openEximReader([spool]).list()], QueueFolderError);
});
