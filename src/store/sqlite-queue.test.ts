import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { after } from 'node:test';
import { checkRandomly } from '../../test/store/queue-random.ts';
import {
  contentOf,
  exampleMessage,
  exampleRecipient,
  listed,
  outcome,
  put,
  someBytes,
  testQueueStore,
} from '../../test/store/queue-suite.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { findQueue, openQueueStore } from './open-queue.ts';
import type { QueueStore } from './queue-store.ts';

const root = temporaryFolder();
after(() => root[Symbol.dispose]());
let folders = 0;
const freshFolder = () => join(root.path, `queue-${++folders}`);
const serve = { serve: true };

function fileAt(path: string): string {
  writeFileSync(path, '');
  return path;
}

testQueueStore('sqlite', () => openQueueStore(`sqlite:${freshFolder()}`, serve));

test('any operations in any order do what the plain queue in memory does', () =>
  checkRandomly(() => openQueueStore(`sqlite:${freshFolder()}`, serve), 8));

test('folder and files are for the owner alone', async () => {
  const folder = join(freshFolder(), 'deep', 'deeper');
  await using store = await openQueueStore(`sqlite:${folder}`, serve);
  await put(store, 1);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of ['queue.sqlite', 'queue.sqlite-wal', 'queue.sqlite-shm', 'server.lock'])
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
});

const refused: readonly [name: string, url: (folder: string) => string, message: RegExp][] = [
  ['another engine', () => 'mysql://ann:secret@db.example/x', /needs sqlite:FOLDER.*\[store\] url/],
  ['a file where the folder should be', (folder) => `sqlite:${fileAt(folder)}`, /in the way/],
  ['a folder that cannot be made', () => 'sqlite:/proc/spillway', /the queue.*another folder/],
];
for (const [name, url, message] of refused)
  test(`says what is wrong, what it needs and what to do: ${name}`, async () => {
    for (const options of [{}, serve])
      await assert.rejects(openQueueStore(url(freshFolder()), options), (error: Error) => {
        assert.equal('code' in error && error.code, 'QUEUE_OPEN');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
  });

test('whether there is a queue can be asked without making one', async () => {
  const folder = freshFolder();
  const where = join(folder, 'queue.sqlite');
  assert.deepEqual(findQueue(`sqlite:${folder}`), { where, exists: false });
  await (await openQueueStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  assert.deepEqual(findQueue(`sqlite:${folder}`), { where, exists: true });
  assert.throws(() => findQueue('mysql:x'), { code: 'QUEUE_OPEN' });
});

test('a file that is no queue is left alone', async () => {
  const folder = freshFolder();
  await (await openQueueStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'queue.sqlite'), 'x'.repeat(8192));
  await assert.rejects(openQueueStore(`sqlite:${folder}`), /not a database.*Move the file away/);
  assert.equal(statSync(join(folder, 'queue.sqlite')).size, 8192);
});

test('of a damaged queue is told what to do', async () => {
  const folder = freshFolder();
  await (await openQueueStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  const file = join(folder, 'queue.sqlite');
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill('x', 4096));
  await assert.rejects(async () => {
    await using store = await openQueueStore(`sqlite:${folder}`);
    await store.lastId();
  }, /damaged\. .*move queue\.sqlite\* away/);
});

test('a queue of a newer Spillway is left alone', async () => {
  const folder = freshFolder();
  await (await openQueueStore(`sqlite:${folder}`))[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(folder, 'queue.sqlite'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  await assert.rejects(openQueueStore(`sqlite:${folder}`), /newer Spillway.*Use that version/);
});

test('what was committed is there when the queue is opened again', async () => {
  const url = `sqlite:${freshFolder()}`;
  const body = someBytes(400_000);
  await using first = await openQueueStore(url, serve);
  await put(first, 5, { body });
  await first[Symbol.asyncDispose]();
  await using second = await openQueueStore(url, serve);
  assert.equal(await second.lastId(), 5);
  assert.deepEqual(await second.counts(), { queued: 1, held: 0, purged: 0, kept: 0 });
  assert.ok((await contentOf(second, 5)).subarray(-body.length).equals(body));
});

test('a second server on the folder is refused, an operator is not', async () => {
  const url = `sqlite:${freshFolder()}`;
  await using server = await openQueueStore(url, serve);
  await put(server, 1);
  await put(server, 2, { claim: true });
  await assert.rejects(openQueueStore(url, serve), {
    code: 'QUEUE_IN_USE',
    message: /another server uses it.*Stop that server first/,
  });
  await using operator = await openQueueStore(url);
  await operator.recover();
  assert.deepEqual(await listed(operator), [1, 2]);
  assert.deepEqual(await operator.change('hold', [1, 2], 0, 0), [1, 2]);
  assert.deepEqual(await server.claim(10, 10, 10, []), []);
  await server.settle({ id: 2, outcomes: [outcome(0)], notice: null, keepUntil: null });
  assert.deepEqual(await listed(operator), [1]);
  await server[Symbol.asyncDispose]();
  await using next = await openQueueStore(url, serve);
  assert.deepEqual(await listed(next), [1]);
});

/** What another process would do with the store that its argument names. */
function script(code: string): string[] {
  return [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    `const { openQueueStore } = await import(${JSON.stringify(new URL('./open-queue.ts', import.meta.url))});
     const { put } = await import(${JSON.stringify(new URL('../../test/store/queue-suite.ts', import.meta.url))});
     ${code}`,
  ];
}

test('a server that was killed holds nothing back: neither lock nor claims nor drafts', async () => {
  const folder = freshFolder();
  const url = `sqlite:${folder}`;
  const code = `
    const store = await openQueueStore(process.argv[1], { serve: true });
    await put(store, 1, { claim: true });
    await put(store, 2);
    await store.claim(10, 10, 10, []);
    const draft = store.begin();
    for (let i = 0; i < 20; i++) await draft.write(Buffer.alloc(100_000));
    await put(store, 3);
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [...script(code), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await assert.rejects(openQueueStore(url, serve), { code: 'QUEUE_IN_USE' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await using store = await openQueueStore(url, serve);
  assert.deepEqual(
    (await store.claim(10, 10, 10, [])).map(({ id }) => id),
    [3],
  );
  await store.recover();
  assert.deepEqual(
    (await store.claim(10, 10, 10, [])).map(({ id }) => id),
    [1, 2],
  );
  const database = new DatabaseSync(join(folder, 'queue.sqlite'), { readOnly: true });
  assert.equal(database.prepare('SELECT count(*) AS n FROM piece').get()?.['n'], 0);
  database.close();
});

test('a server that ends gives back what it had claimed', async () => {
  const url = `sqlite:${freshFolder()}`;
  await using first = await openQueueStore(url, serve);
  await put(first, 1, { claim: true });
  await first[Symbol.asyncDispose]();
  await using second = await openQueueStore(url, serve);
  assert.equal((await second.claim(10, 10, 10, [])).length, 1);
});

async function fill(store: QueueStore): Promise<number> {
  let written = 0;
  await assert.rejects(
    async () => {
      for (;;) {
        await put(store, written + 1, { body: someBytes(3000) });
        written++;
      }
    },
    { code: 'QUEUE_WRITE', message: /disk is full.*Make room/ },
  );
  return written;
}

test('a full disk is an error of the commit, and over once there is room', async () => {
  await using store = await openQueueStore(`sqlite:${freshFolder()}`, {
    ...serve,
    maxBytes: 600_000,
  });
  const written = await fill(store);
  assert.ok(written > 50);
  const ids = await listed(store);
  assert.equal(ids.length, written);
  for (const id of ids)
    assert.ok((await contentOf(store, id)).subarray(-3000).equals(someBytes(3000)));
  // A large message is told while it is still coming in.
  await assert.rejects(put(store, 9000, { body: someBytes(700_000) }), { code: 'QUEUE_WRITE' });
  // Delivering goes on, and makes room.
  for (const { id } of await store.claim(1e6, 20, 100, []))
    await store.settle({ id, outcomes: [outcome(0)], notice: null, keepUntil: null });
  await put(store, 9001, { body: someBytes(3000) });
  assert.equal((await store.counts()).queued, written - 20 + 1);
});

test('where the disk has little room left nothing is taken, but delivering goes on', async () => {
  const url = `sqlite:${freshFolder()}`;
  await using before = await openQueueStore(url, serve);
  await put(before, 1);
  await before[Symbol.asyncDispose]();
  await using store = await openQueueStore(url, { ...serve, minFreeBytes: 2 ** 60 });
  await assert.rejects(put(store, 2), { code: 'QUEUE_WRITE', message: /disk are free.*Make room/ });
  assert.equal((await store.claim(10, 10, 10, [])).length, 1);
  await store.settle({ id: 1, outcomes: [outcome(0)], notice: null, keepUntil: null });
  assert.deepEqual(await listed(store), []);
});

test('a disk that is full at the start does not keep the program from starting', async () => {
  await using store = await openQueueStore(`sqlite:${freshFolder()}`, { ...serve, maxBytes: 4096 });
  await assert.rejects(put(store, 1), { code: 'QUEUE_WRITE' });
});

test('a disk that fails in the middle of a write harms nothing', () => {
  const url = `sqlite:${freshFolder()}`;
  // The kernel refuses what would make a file larger than that: 1024 * 512 bytes.
  const code = `
    const store = await openQueueStore(process.argv[1], { serve: true });
    const promised = [];
    let refused = 0;
    for (let id = 1; id < 400; id++)
      await put(store, id, { body: Buffer.alloc(id % 9 === 0 ? 400_000 : 3000, id) }).then(
        () => promised.push(id),
        (error) => { if (error.code === 'QUEUE_WRITE') refused++; else throw error; });
    const there = (await Array.fromAsync(store.list({}))).map(({ id }) => id);
    for (const id of there)
      if (Buffer.concat(await Array.fromAsync(store.read(id))).at(-1) !== id % 256) throw id;
    console.log(JSON.stringify({ refused, promised, there }));`;
  const command = ['-c', 'ulimit -f 1024; exec "$0" "$@"', process.execPath, ...script(code), url];
  const child = spawnSync('/bin/sh', command, { encoding: 'utf8' });
  assert.equal(child.stderr, '');
  const { refused, promised, there } = JSON.parse(child.stdout);
  assert.ok(refused > 100 && promised.length > 20, `${refused}, ${promised.length}`);
  assert.deepEqual(there, promised);
});

test('a folder removed while the program runs is made again', async () => {
  const folder = freshFolder();
  await using store = await openQueueStore(`sqlite:${folder}`, serve);
  await put(store, 1);
  rmSync(folder, { recursive: true });
  await put(store, 2);
  assert.deepEqual(await listed(store), [2]);
  await using operator = await openQueueStore(`sqlite:${folder}`);
  assert.deepEqual(await listed(operator), [2]);
});

test('while too much waits in memory no message is begun', async () => {
  await using store = await openQueueStore(`sqlite:${freshFolder()}`, {
    ...serve,
    maxWaitingBytes: 100_000,
  });
  const first = store.begin();
  const second = store.begin();
  assert.ok(first && second);
  first.write(someBytes(60_000));
  second.write(someBytes(50_000));
  assert.equal(store.begin(), null);
  await first[Symbol.asyncDispose]();
  const third = store.begin();
  assert.ok(third);
  third.write(someBytes(60_000));
  assert.equal(store.begin(), null);
  await third.commit(exampleMessage(1), [exampleRecipient()], Buffer.from('x'), false);
  await second.commit(exampleMessage(2), [exampleRecipient()], Buffer.from('x'), false);
  await using fourth = store.begin();
  assert.ok(fourth);
});

test('a writer that is faster than the disk is told to wait, and may forget to', async () => {
  await using store = await openQueueStore(`sqlite:${freshFolder()}`, serve);
  await using draft = store.begin();
  assert.ok(draft);
  const body = someBytes(2_000_000);
  let waits = 0;
  for (let at = 0; at < body.length; at += 50_000)
    if (draft.write(body.subarray(at, at + 50_000)) instanceof Promise) waits++;
  assert.ok(waits > 0);
  await draft.commit(exampleMessage(1), [exampleRecipient()], Buffer.from(''), false);
  assert.ok((await contentOf(store, 1)).equals(body));
});

test('the file shrinks once a flood has drained', async () => {
  const folder = freshFolder();
  await using store = await openQueueStore(`sqlite:${folder}`, serve);
  const body = someBytes(200_000);
  const ids = Array.from({ length: 110 }, (_, index) => index + 1);
  for (const id of ids) await put(store, id, { body, claim: true });
  const size = () => statSync(join(folder, 'queue.sqlite')).size;
  for (const id of ids)
    await store.settle({ id, outcomes: [outcome(0)], notice: null, keepUntil: null });
  const full = size();
  assert.ok(full > 20_000_000);
  const end = Date.now() + 8_000;
  while (size() > full * 0.8 && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(size() < full * 0.8, `${size()} of ${full}`);
});
