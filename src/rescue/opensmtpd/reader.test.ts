/**
 * Golden queues: each folder of test/golden/queue-opensmtpd holds a spool, and what is read of it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import test, { suite } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { QueueFolderError } from '../reader.ts';
import { openOpenSmtpdReader } from './reader.ts';

const golden = fileURLToPath(new URL('../../../test/golden/queue-opensmtpd/', import.meta.url));
/** Writes down what is read now, to be looked at. */
const isUpdate = process.env['UPDATE_GOLDEN'] === '1';

suite('golden queues of OpenSMTPD', () => {
  for (const name of readdirSync(golden).toSorted())
    test(name, () => {
      using folder = copyOf(name);
      const file = join(golden, name, 'expected.json');
      const found = readAll(folder.path);
      if (isUpdate) writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
      assert.deepEqual(found, JSON.parse(readFileSync(file, 'utf8')));
    });
});

const bucket = 'queue/4e';
const message = `${bucket}/4edac93e`;
const id = '4edac93e2da5b119';

test('no link is followed, and no pipe waited for', () => {
  using folder = copyOf('01-deferred-mail');
  const at = (path: string) => join(folder.path, path);
  const outside = join(golden, '01-deferred-mail', message, id);
  for (const [name, make] of [
    ['4edac93e00000001', (path: string) => symlinkSync(outside, path)],
    ['4edac93e00000002', (path: string) => execFileSync('mkfifo', [path])],
    ['4edac93e00000003', (path: string) => mkdirSync(path)],
  ] as const)
    make(at(`${message}/${name}`));
  symlinkSync(join(golden, '01-deferred-mail', bucket), at('queue/4f'));
  const found = readAll(folder.path);
  assert.deepEqual(
    found.filter(({ kind }) => kind === 'entry').map(({ path }) => path),
    [`${message}/${id}`],
  );
  assert.deepEqual(
    found.filter(({ kind }) => kind === 'unreadable').map(({ path }) => path),
    [
      `${message}/4edac93e00000001`,
      `${message}/4edac93e00000002`,
      `${message}/4edac93e00000003`,
      'queue/4f',
    ],
  );
});

test('what is being written is not there yet, and what is gone is absent', () => {
  using folder = copyOf('12-cut-short');
  const path = join(folder.path, message, id);
  const reader = openOpenSmtpdReader([folder.path]);
  assert.equal(reader.read({ id, path }).kind, 'unreadable');
  utimesSync(path, new Date(), new Date());
  assert.deepEqual(reader.read({ id, path }), { kind: 'absent' });
  rmSync(path);
  assert.deepEqual(reader.read({ id, path }), { kind: 'absent' });
  assert.equal(reader.find(id), null);
});

test('an entry is found by its id alone, with its files in order', () => {
  using folder = copyOf('05-several-recipients');
  const reader = openOpenSmtpdReader([folder.path]);
  const path = join(folder.path, message, id);
  assert.deepEqual(reader.find(id), { id, path });
  assert.deepEqual(reader.filesOf({ id, path }), [join(folder.path, message, 'message'), path]);
  for (const other of ['4edac93e2da5b118', '../4edac93e2da5b', '', `${id}0`, 'message'])
    assert.equal(reader.find(other), null);
});

test('the action in smtpd.conf tells where an entry goes', () => {
  using machine = temporaryFolder();
  const spool = join(machine.path, 'var/spool/smtpd');
  cpSync(join(golden, '01-deferred-mail'), spool, { recursive: true });
  mkdirSync(join(machine.path, 'etc'));
  const nextHopBy = (action: string) => {
    writeFileSync(join(machine.path, 'etc/smtpd.conf'), `${action}\nmatch for any action "mx"\n`);
    const read = readAll(spool).find(({ kind }) => kind === 'entry');
    return read && 'entry' in read ? read.entry.recipients[0]?.nextHop : undefined;
  };
  const address = 'bob@good-2.example';
  assert.deepEqual(nextHopBy('action "mx" relay'), {
    mailer: 'relay',
    host: 'good-2.example',
    address,
  });
  assert.deepEqual(nextHopBy('action "mx" relay host "smtp+tls://smart.example:587" auth <x>'), {
    mailer: 'relay',
    host: 'smart.example',
    address,
  });
  assert.equal(nextHopBy('action "other" relay'), null);
  assert.equal(nextHopBy('include "/etc/missing.conf"'), null);
});

test('a spool that cannot be read is said at once', () => {
  using folder = temporaryFolder();
  assert.throws(() => [...openOpenSmtpdReader([folder.path]).list()], QueueFolderError);
});

/** A spool as it would be after a while, so that nothing in it seems to be in the making. */
function copyOf(name: string) {
  const folder = temporaryFolder();
  cpSync(join(golden, name), folder.path, { recursive: true });
  const then = new Date('2026-01-01T00:00:00Z');
  for (const path of readdirSync(folder.path, { recursive: true, encoding: 'utf8' }))
    utimesSync(join(folder.path, path), then, then);
  return folder;
}

/** In order of their paths, which are told from the spool on. */
function readAll(spool: string) {
  const reader = openOpenSmtpdReader([spool]);
  return [...reader.list()]
    .map((listed) => {
      const path = relative(spool, listed.kind === 'entry' ? listed.place.path : listed.path);
      const { place } = { place: null, ...listed };
      const read = place ? reader.read(place) : listed;
      if (read.kind !== 'unreadable') return { ...read, path };
      return { kind: read.kind, path: relative(spool, read.path), problem: read.problem };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
