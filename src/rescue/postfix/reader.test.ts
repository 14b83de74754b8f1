/**
 * Queues in test/golden/queue-postfix: what is read of them, to the letter.
 *
 * Git keeps one bit of a mode. Files with it get 0700 here, which says that Postfix has written all of
 * them; the others 0600. `UPDATE_GOLDEN=1` writes what is read as what is expected.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { openPostfixReader } from './reader.ts';

const golden = fileURLToPath(new URL('../../../test/golden/queue-postfix', import.meta.url));
/** Of every file, in seconds since 1970. */
const writtenAt = 1_157_443_200;

for (const name of readdirSync(golden))
  test(`golden queue ${name}`, () => {
    using folder = temporaryFolder();
    const queue = queueIn(folder.path, join(golden, name, 'queue'));
    const file = join(golden, name, 'expected.json');
    const found = `${JSON.stringify(readAll(queue), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN']) writeFileSync(file, found);
    assert.deepEqual(JSON.parse(found), JSON.parse(readFileSync(file, 'utf8')));
  });

function queueIn(folder: string, from: string | null): string {
  const queue = join(folder, 'queue');
  for (const name of ['incoming', 'active', 'deferred', 'hold'])
    mkdirSync(join(queue, name), { recursive: true });
  if (from === null) return queue;
  cpSync(from, queue, { recursive: true });
  for (const file of globSync('**', { cwd: queue, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (!file.isFile()) continue;
    chmodSync(path, statSync(path).mode & 0o100 ? 0o700 : 0o600);
    utimesSync(path, writtenAt, writtenAt);
  }
  return queue;
}

/** Paths from the queue's folder. */
function readAll(queue: string) {
  const reader = openPostfixReader([queue]);
  const inside = (path: string) => path.slice(queue.length + 1);
  const result = [...reader.list()].map((listed) => {
    if (listed.kind === 'unreadable') return { path: inside(listed.path), problem: listed.problem };
    const { place } = listed;
    const read = reader.read(place);
    const path = inside(place.path);
    if (read.kind === 'absent') return { path, absent: true };
    if (read.kind === 'unreadable') return { path, problem: read.problem };
    assert.deepEqual(reader.find(place.id), place);
    return { path, files: reader.filesOf(place).map(inside), entry: read.entry };
  });
  return result.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

test('links, folders and pipes in the place of a queue file are not followed', () => {
  using folder = temporaryFolder();
  const queue = queueIn(folder.path, null);
  symlinkSync('/etc/passwd', join(queue, 'deferred', 'ABCDEF1'));
  mkdirSync(join(queue, 'deferred', 'ABCDEF2'));
  const problems = readAll(queue).map(({ problem }) => problem);
  assert.deepEqual(problems, [
    'expected a file, found a symbolic link',
    'expected a queue file, found a folder',
  ]);
});

test('a queue without its folders is no queue', () => {
  using folder = temporaryFolder();
  const reader = openPostfixReader([folder.path]);
  assert.throws(() => [...reader.list()], { code: 'QUEUE_FOLDER' });
  assert.equal(reader.find('A1B2C3D4'), null);
  assert.equal(reader.find('../../etc/passwd'), null);
  assert.deepEqual(reader.read({ id: 'passwd', path: '/etc/passwd' }), { kind: 'absent' });
  assert.deepEqual(reader.read({ id: 'A1', path: join(folder.path, 'deferred/A1') }), {
    kind: 'absent',
  });
});

test('a file that moves between listing and reading is read where it is', () => {
  using folder = temporaryFolder();
  const queue = queueIn(folder.path, join(golden, '05-quoted', 'queue'));
  const reader = openPostfixReader([`${queue}/`]);
  const [listed] = [...reader.list()];
  assert(listed?.kind === 'entry');
  const { place } = listed;
  renameSync(place.path, join(queue, 'active', place.id));
  const read = reader.read(place);
  assert(read.kind === 'entry');
  assert.equal(read.entry.state, 'active');
});
