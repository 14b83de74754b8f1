/**
 * Bare queue folders of all servers, good and hostile ones: drained and put back, they are what they were.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { exampleCause } from '../../test/rescue/toy-queue.ts';
import { exampleRun } from '../../test/rescue/toy-rescue.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import type { Mta } from '../foreign/queue-entry.ts';
import { createReceipt } from '../store/receipts.ts';
import { applyPlan } from './change/apply.ts';
import type { PlannedEntry } from './change/plan.ts';
import { undoReceipt } from './change/undo.ts';
import { openFolderServer } from './folder-server.ts';
import { openReader } from './open-reader.ts';
import { fingerprintOf, type QueueReader, type QueueSource } from './reader.ts';

const golden = (name: string) =>
  fileURLToPath(new URL(`../../test/golden/queue-${name}/`, import.meta.url));
const longAgo = new Date('2006-09-05T10:00:00Z');

/** Where the queue is in a folder of test/golden. */
const folders: { readonly [mta in Mta]: (top: string) => readonly string[] } = {
  sendmail: (top) =>
    readdirSync(top, { withFileTypes: true })
      .filter((file) => file.isDirectory() && !file.name.startsWith('outside'))
      .map(({ name }) => join(top, name))
      .toSorted(),
  postfix: (top) => [join(top, 'queue')],
  exim: (top) => [join(top, 'spool')],
  opensmtpd: (top) => [top],
};

for (const mta of ['sendmail', 'postfix', 'exim', 'opensmtpd'] as const)
  test(`drained and put back: ${mta}`, async (t) => {
    for (const name of readdirSync(golden(mta)))
      await t.test(name, async () => {
        using folder = temporaryFolder();
        const top = join(folder.path, 'queue');
        copyQueue(join(golden(mta), name), top, mta);
        const source = { mta, folders: folders[mta](top) };
        await check(source, top, join(folder.path, 'data'));
      });
  });

async function check(source: QueueSource, top: string, data: string): Promise<void> {
  const server = openFolderServer(source, true);
  const { hand } = server;
  assert.ok(hand);
  const reader = openReader(source);
  const before = treeOf(top);
  const plan = planOf(reader);
  const strangers = listUnreadable(reader);
  const record = async () => {};
  const now = () => 5_000;
  using archive = createReceipt(data, { ...exampleRun, ...source });
  const { removed, ...rest } = await applyPlan({ server, reader, archive, plan, record, now });
  assert.deepEqual(
    { ...rest, removed },
    { removed: plan.length, held: 0, gone: 0, busy: 0, changed: 0, problems: [], problemCount: 0 },
  );
  assert.deepEqual(planOf(reader), []);
  for (const [path, facts] of treeOf(top))
    assert.deepEqual(facts, before.get(path), `${path} belongs to nothing that was removed`);
  assert.deepEqual(
    listUnreadable(reader).filter((path) => !strangers.includes(path)),
    [],
    'no half of an entry stays behind',
  );

  const outcome = await undoReceipt({ archive, hand, reader, record, now });
  assert.deepEqual([outcome.restored, outcome.problems], [plan.length, []]);
  assert.deepEqual(treeOf(top), before);
}

test('a folder that somebody may work on is not touched', async () => {
  using folder = temporaryFolder();
  const { hand, whyNoHand } = openFolderServer({ mta: 'exim', folders: [folder.path] }, false);
  assert.equal(hand, null);
  assert.match(whyNoHand ?? '', /--stopped/);
});

test('nothing is held or released without a server, and what is back already stays as it is', async () => {
  using folder = temporaryFolder();
  copyQueue(join(golden('exim'), '02-wanted'), folder.path, 'exim');
  const source = { mta: 'exim', folders: folders.exim(folder.path) } as const;
  const reader = openReader(source);
  const { hand } = openFolderServer(source, true);
  const [listed] = reader.list();
  assert.ok(hand && listed?.kind === 'entry');
  const { id } = listed.place;
  const held = (await hand.hold([listed.place], 'a stray')).get(id);
  assert.ok(typeof held === 'object' && /none works on this queue/.test(held.problem));
  assert.deepEqual(
    [...(await hand.release([id, '1r4dGu-0000zz-2k'])).values()],
    ['released', 'gone'],
  );
  const path = reader.filesOf(listed.place).at(-1) ?? '';
  const { mode, uid, gid, mtimeMs, size } = lstatSync(path);
  const facts = { path, mode: mode & 0o7777, uid, gid, modifiedAt: mtimeMs, size };
  const file = { ...facts, content: () => assert.fail() };
  const results = await hand.restore([{ id, wasHeld: false, files: [file] }]);
  assert.deepEqual(results.get(id), { kind: 'present' });
});

/** Git keeps one bit of a mode: files with it get 0700, which Postfix gives to what is whole. */
function copyQueue(from: string, to: string, mta: Mta): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  if (mta === 'postfix')
    for (const name of ['incoming', 'active', 'deferred', 'hold'])
      mkdirSync(join(to, 'queue', name), { recursive: true });
  if (mta === 'exim') mkdirSync(join(to, 'spool/input'), { recursive: true });
  for (const file of readdirSync(to, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile()) chmodSync(path, lstatSync(path).mode & 0o100 ? 0o700 : 0o600);
    lutimesSync(path, longAgo, longAgo);
  }
}

function planOf(reader: QueueReader): PlannedEntry[] {
  const seen = new Map<string, PlannedEntry>();
  for (const listed of reader.list()) {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : null;
    if (read?.kind !== 'entry') continue;
    const { id } = read.entry;
    const fingerprint = fingerprintOf(read.entry);
    seen.set(id, { id, fingerprint, action: 'purge', cause: exampleCause });
  }
  return [...seen.values()];
}

function listUnreadable(reader: QueueReader): string[] {
  return Array.from(reader.list()).flatMap((listed) => {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
    return read.kind === 'unreadable' ? [read.path] : [];
  });
}

/** Of all files and folders; of folders only that they are there. */
function treeOf(top: string): Map<string, unknown> {
  const tree = new Map<string, unknown>();
  for (const file of readdirSync(top, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    const { mode, mtimeMs } = lstatSync(path);
    if (file.isDirectory()) tree.set(path, 'folder');
    else if (file.isSymbolicLink()) tree.set(path, readlinkSync(path));
    else tree.set(path, { mode, mtimeMs, content: readFileSync(path, 'latin1') });
  }
  return new Map([...tree].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('what stands half written in a folder is written anew', async () => {
  using folder = temporaryFolder();
  copyQueue(join(golden('exim'), '02-wanted'), folder.path, 'exim');
  const source = { mta: 'exim', folders: folders.exim(folder.path) } as const;
  const reader = openReader(source);
  const server = openFolderServer(source, true);
  assert.ok(server.hand);
  using data = temporaryFolder();
  const before = treeOf(folder.path);
  const { hand } = server;
  using archive = createReceipt(data.path, {
    ...{ ...exampleRun, ...source },
  });
  const record = async () => {};
  const now = () => 5_000;
  const bodies = planOf(reader).flatMap(({ id }) => {
    const place = reader.find(id);
    return place ? [reader.filesOf(place)[0] ?? ''] : [];
  });
  await applyPlan({ server, reader, archive, plan: planOf(reader), record, now });
  for (const body of bodies) writeFileSync(body, 'half');
  await undoReceipt({ archive, hand, reader, record, now });
  assert.deepEqual(treeOf(folder.path), before);
});
