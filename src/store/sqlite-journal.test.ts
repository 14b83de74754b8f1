import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import {
  exampleIncident,
  exampleReceipt,
  readAll,
  testJournalStore,
} from '../../test/store/journal-suite.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { journalSteps } from './journal-schema.ts';
import { openJournalForReading, openJournalStore } from './open-journal.ts';
import { decode, encode } from './stored-text.ts';

const root = temporaryFolder();
after(() => root[Symbol.dispose]());
let folders = 0;
const freshFolder = () => join(root.path, `journal-${++folders}`);

function fileAt(path: string): string {
  writeFileSync(path, '');
  return path;
}

testJournalStore('sqlite', () => openJournalStore(`sqlite:${freshFolder()}`));

test('every text survives being stored', () => {
  const text = fc
    .array(fc.integer({ min: 0, max: 0xffff }))
    .map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(text, (given) => {
      const stored = encode(given);
      assert.ok(stored?.isWellFormed() && !stored.includes('\0'));
      assert.equal(decode(stored), given);
    }),
  );
});

test('folder and file are for the owner alone', async () => {
  const folder = join(freshFolder(), 'deep', 'deeper');
  await using store = await openJournalStore(`sqlite:${folder}`);
  await store.append([exampleReceipt()]);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of ['journal.sqlite', 'journal.sqlite-wal', 'journal.sqlite-shm'])
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
});

const refused: readonly [name: string, url: (folder: string) => string, message: RegExp][] = [
  [
    'another engine',
    () => 'mysql://ann:secret@db.example/x',
    /needs sqlite:FOLDER.*mysql:.*\[store\] url/,
  ],
  ['no scheme', () => '/var/lib/spillway', /needs sqlite:FOLDER.*no scheme/],
  ['no folder', () => 'sqlite:', /no folder/],
  ['NUL in the folder', () => 'sqlite:/tmp/\0x', /needs sqlite:FOLDER/],
  ['a file where the folder should be', (folder) => `sqlite:${fileAt(folder)}`, /in the way/],
  ['a file above the folder', (folder) => `sqlite:${fileAt(folder)}/a/b`, /in the way/],
  ['a folder that cannot be made', () => 'sqlite:/proc/spillway', /Name another folder/],
];
for (const [name, url, message] of refused)
  test(`says what is wrong, what it needs and what to do: ${name}`, async () => {
    await assert.rejects(
      openJournalStore(url(freshFolder())),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'JOURNAL_OPEN');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });

test('a file that is no journal is left alone', async () => {
  const folder = freshFolder();
  await using made = await openJournalStore(`sqlite:${folder}`);
  await made[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'journal.sqlite'), 'x'.repeat(8192));
  await assert.rejects(openJournalStore(`sqlite:${folder}`), /not a database.*Move the file away/);
  await assert.rejects(openJournalForReading(`sqlite:${folder}`), /not a database/);
  assert.equal(statSync(join(folder, 'journal.sqlite')).size, 8192);
});

test('a journal of a newer Spillway is left alone', async () => {
  const folder = freshFolder();
  await (await openJournalStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(folder, 'journal.sqlite'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  await assert.rejects(openJournalStore(`sqlite:${folder}`), /newer Spillway/);
  await assert.rejects(openJournalForReading(`sqlite:${folder}`), /newer Spillway/);
});

test('a full disk is an error of the append, and over once there is room', async () => {
  await using store = await openJournalStore(`sqlite:${freshFolder()}`, { maxBytes: 200_000 });
  const batch = Array.from({ length: 100 }, () => exampleReceipt());
  let written = 0;
  await assert.rejects(
    async () => {
      for (;;) {
        await store.append(batch);
        written += batch.length;
      }
    },
    { code: 'JOURNAL_WRITE', message: /disk is full/ },
  );
  assert.ok(written > 0);
  assert.equal((await readAll(store)).length, written, 'all or none');
  assert.equal(await store.prune(2_000), written);
  await store.append(batch);
  assert.equal((await readAll(store)).length, batch.length);
});

test('a disk that is full at the start does not keep the program from starting', async () => {
  await using store = await openJournalStore(`sqlite:${freshFolder()}`, { maxBytes: 4096 });
  await assert.rejects(store.append([exampleReceipt()]), { code: 'JOURNAL_WRITE' });
});

test('a folder removed while the program runs is made again', async () => {
  const folder = freshFolder();
  await using store = await openJournalStore(`sqlite:${folder}`);
  await store.append([exampleReceipt({ queueId: 'gone' })]);
  rmSync(folder, { recursive: true });
  await store.append([exampleReceipt({ queueId: 'kept' })]);
  const { reader } = await openJournalForReading(`sqlite:${folder}`);
  assert.ok(reader);
  await using _ = reader;
  assert.deepEqual(
    (await readAll(reader)).map(({ queueId }) => queueId),
    ['kept'],
  );
});

test('kill -9 takes nothing that was promised, and a reader sees it grow meanwhile', async () => {
  const url = `sqlite:${freshFolder()}`;
  const script = fileURLToPath(new URL('../../test/store/append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [script, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const promised: string[] = [];
  for await (const id of createInterface({ input: child.stdout })) {
    promised.push(id);
    if (promised.length === 100) {
      const { reader } = await openJournalForReading(url);
      assert.ok(reader);
      await using _ = reader;
      const seen = await readAll(reader);
      assert.ok(seen.length >= 100);
      assert.deepEqual(
        seen.map(({ from }) => from),
        seen.map((_, index) => index),
      );
    }
    if (promised.length === 300) child.kill('SIGKILL');
  }
  await exited;
  await using store = await openJournalStore(url);
  const kept = new Set((await readAll(store)).map(({ queueId }) => queueId));
  assert.deepEqual(
    promised.filter((id) => !kept.has(id)),
    [],
  );
});

test('two processes may write one journal', async () => {
  const url = `sqlite:${freshFolder()}`;
  await using one = await openJournalStore(url);
  await using two = await openJournalStore(url);
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).append([exampleReceipt()])),
  );
  assert.equal((await readAll(one)).length, 40);
});

test('what was lifted in a journal of an earlier version stays so', async () => {
  const folder = freshFolder();
  await (await openJournalStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  const path = join(folder, 'journal.sqlite');
  rmSync(path);
  const database = new DatabaseSync(path);
  for (const step of journalSteps.slice(0, 2)) database.exec(step);
  const {
    parts: _,
    isBacklog: __,
    ...told
  } = exampleIncident({ subject: 'a"\u0000\ud800@x.example' });
  database
    .prepare("INSERT INTO incident VALUES (?, 1, 2, 1, 1, '', ?)")
    .run(told.id, JSON.stringify(told));
  database.exec('PRAGMA user_version = 2');
  database.close();
  await using store = await openJournalStore(`sqlite:${folder}`);
  const [found] = await store.incidents({ isOpen: true });
  assert.deepEqual([found?.isLifted, found?.parts], [true, []]);
});

test('where there is no journal yet, reading finds none and makes none', async () => {
  const folder = freshFolder();
  const { reader, where } = await openJournalForReading(`sqlite:${folder}`);
  assert.equal(reader, null);
  assert.equal(where, join(folder, 'journal.sqlite'));
  assert.equal(statSync(folder, { throwIfNoEntry: false }), undefined);
});

test('a file that is still without tables counts as no journal yet', async () => {
  const folder = root.path;
  writeFileSync(join(folder, 'journal.sqlite'), '');
  assert.equal((await openJournalForReading(`sqlite:${folder}`)).reader, null);
});

test('a user who may only read the file can read it', async () => {
  const folder = freshFolder();
  const store = await openJournalStore(`sqlite:${folder}`);
  await store.append([exampleReceipt(), exampleReceipt()]);
  await store[Symbol.asyncDispose]();
  chmodSync(join(folder, 'journal.sqlite'), 0o444);
  chmodSync(folder, 0o555);
  chmodSync(root.path, 0o755);
  // Modes bind neither root nor this test: the child becomes nobody where it can.
  const code = `
    const { openJournalForReading } = await import(${JSON.stringify(new URL('./open-journal.ts', import.meta.url))});
    if (process.getuid() === 0) process.setuid(65534);
    const { reader } = await openJournalForReading(process.argv[1]);
    console.log((await Array.fromAsync(reader.read({}))).length);`;
  const child = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      code,
      `sqlite:${folder}`,
    ],
    { encoding: 'utf8' },
  );
  chmodSync(folder, 0o755);
  assert.equal(child.stderr, '');
  assert.equal(child.stdout, '2\n');
});
