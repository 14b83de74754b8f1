import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { after } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import type { AnnouncedEntry, ArchivedCause, ArchivedRun, ArchiveStore } from './archive-store.ts';
import { createReceipt, listReceipts, openReceipt } from './receipts.ts';
import type { FileOptions } from './sqlite-file.ts';

const root = temporaryFolder();
after(() => root[Symbol.dispose]());
let folders = 0;
const freshFolder = () => join(root.path, `data-${++folders}`);

const run: ArchivedRun = {
  mta: 'sendmail',
  title: 'sendmail 8.17.1.9',
  queue: '/var/spool/mqueue',
  folders: ['/var/spool/mqueue/q1', '/var/spool/mqueue/q2'],
  root: '/',
  startedAt: new Date(2026, 10, 22, 21, 42).getTime(),
  chosen: "--where 'sender=<>'",
};
const cause: ArchivedCause = {
  number: 1,
  name: 'lost-notice:seaton.biz',
  kind: 'lost-notice',
  reason: 'loopback',
  proposal: 'purge',
  domain: 'seaton.biz',
  steps: ['the MX of seaton.biz is 127.0.0.1'],
};
const example: AnnouncedEntry = {
  id: '4A0B1C2D3E',
  cause: 1,
  wasHeld: false,
  reversePath: '',
  recipients: ['nicholas@seaton.biz'],
  arrivedAt: 1_164_000_000_000,
  size: 2_345,
  fingerprint: 2 ** 48 - 1,
};

const create = (folder = freshFolder(), options: FileOptions = {}) =>
  createReceipt(folder, run, options);

function fileWith(content: Uint8Array, path = '/var/spool/mqueue/q1/df1') {
  const facts = { path, mode: 0o600, uid: 0, gid: 25, modifiedAt: 1_164_000_000_123.5 };
  return { ...facts, size: content.length, chunks: () => [content] };
}

/** Its number. */
function put(archive: ArchiveStore, contents: readonly Uint8Array[], id = example.id): number {
  const number = announce(archive, id);
  using batch = archive.begin();
  batch.add(
    number,
    false,
    contents.map((content, at) => fileWith(content, `/var/spool/mqueue/q1/${id}.${at}`)),
  );
  batch.commit();
  return number;
}

function announce(archive: ArchiveStore, id = example.id): number {
  const [stored] = archive.announce([{ ...example, id }], 'seizing');
  assert.ok(stored);
  return stored.number;
}

async function contentsOf(archive: ArchiveStore, number: number): Promise<Buffer[]> {
  return await Promise.all(
    archive
      .filesOf(number)
      .map(async ({ content }) => Buffer.concat(await Array.fromAsync(content()))),
  );
}

test('what was put in comes out after closing: run, cause, entry, files', async () => {
  const folder = freshFolder();
  const odd = { ...example, reversePath: 'a\0b\ud800\\"@x', recipients: ['ü@é.example', '\0'] };
  {
    using archive = create(folder);
    assert.equal(archive.putCause(cause), 1);
    archive.announce([odd], 'holding');
    put(archive, [Buffer.from('body'), Buffer.alloc(0), Buffer.from('control')]);
  }
  using archive = openReceipt(folder, '2026-11-22.1');
  assert.deepEqual(archive.run, run);
  assert.deepEqual(archive.causes(), [cause]);
  const [held, archived] = archive.entries();
  const unset = { restoredAs: null, problem: null };
  assert.deepEqual(held, {
    ...{ ...odd, ...unset, number: 1, state: 'holding', recipientCount: 2 },
  });
  assert.deepEqual(archived, {
    ...{ ...example, ...unset, number: 2, state: 'archived', recipientCount: 1 },
  });
  const { content: _, ...facts } = archive.filesOf(2)[0] ?? assert.fail();
  const { chunks: __, ...want } = fileWith(
    Buffer.from('body'),
    '/var/spool/mqueue/q1/4A0B1C2D3E.0',
  );
  assert.deepEqual(facts, want);
  assert.deepEqual((await contentsOf(archive, 2)).map(String), ['body', '', 'control']);
});

test('an archive is one file, for the owner alone, and nothing stays beside it', () => {
  const folder = freshFolder();
  {
    using archive = create(folder);
    put(archive, [Buffer.from('body')]);
    assert.equal(archive.name, '2026-11-22.1');
  }
  assert.equal(statSync(join(folder, 'receipts')).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'receipts/2026-11-22.1.receipt')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(folder, 'receipts')), ['2026-11-22.1.receipt']);
});

test('each run of a day has its number; a run that did nothing leaves no receipt', () => {
  const folder = freshFolder();
  assert.deepEqual(listReceipts(folder), []);
  for (let number = 1; number <= 10; number++) {
    using archive = create(folder);
    assert.equal(archive.name, `2026-11-22.${number}`);
    announce(archive);
  }
  create(folder)[Symbol.dispose]();
  writeFileSync(join(folder, 'receipts/notes.receipt'), '');
  assert.deepEqual(
    listReceipts(folder).map(({ name }) => name),
    Array.from({ length: 10 }, (_, index) => `2026-11-22.${index + 1}`),
  );
});

test('causes keep their numbers, and one is kept once', () => {
  using archive = create();
  const other = { ...cause, name: 'lost-mail:loopback' };
  assert.equal(archive.putCause({ ...cause, number: 3 }), 3);
  assert.equal(archive.putCause(cause), 3);
  assert.equal(archive.putCause({ ...other, number: 3 }), 4, 'its number is taken');
  assert.equal(archive.putCause(other), 4);
  announce(archive);
});

test('files of any sizes come out as they went in, whatever the batches and pieces', async () => {
  const bytes = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 900_000, max: 2_300_000 }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.array(bytes, { maxLength: 3 }), { maxLength: 4 }), { maxLength: 3 }),
      async (batches) => {
        using archive = create();
        const put: [number: number, contents: Buffer[]][] = [];
        let paths = 0;
        for (const entries of batches) {
          const numbers = entries.map(() => announce(archive));
          using batch = archive.begin();
          for (const [index, sizes] of entries.entries()) {
            const contents = sizes.map((size, at) => Buffer.alloc(size, `${index} ${at} ${size} `));
            const number = numbers[index] ?? 0;
            batch.add(
              number,
              false,
              contents.map((content) => fileWith(content, `/var/spool/mqueue/q1/df${++paths}`)),
            );
            put.push([number, contents]);
          }
          batch.commit();
        }
        for (const [number, contents] of put) {
          const found = await contentsOf(archive, number);
          assert.equal(found.length, contents.length);
          for (const [at, content] of contents.entries())
            assert.equal(content.compare(found[at] ?? Buffer.alloc(0)), 0);
        }
      },
    ),
    { numRuns: 25 },
  );
});

for (const size of [10, 1_500_000, 3_000_000])
  test(`an entry that breaks off after ${size} octets takes no other with it`, async () => {
    using archive = create();
    const [before, broken, behind] = [announce(archive), announce(archive), announce(archive)];
    using batch = archive.begin();
    batch.add(before, false, [fileWith(Buffer.from('before'), '/1')]);
    const breaking = {
      ...fileWith(Buffer.alloc(size)),
      *chunks() {
        yield Buffer.alloc(size);
        throw new Error('it went away');
      },
    };
    assert.throws(() => batch.add(broken, false, [breaking]), /it went away/);
    batch.add(behind, false, [
      fileWith(Buffer.from('behind'), '/2'),
      fileWith(Buffer.alloc(1_200_000, 1), '/3'),
    ]);
    batch.commit();
    assert.deepEqual((await contentsOf(archive, before)).map(String), ['before']);
    assert.deepEqual(await contentsOf(archive, broken), []);
    const [small, large] = await contentsOf(archive, behind);
    assert.equal(String(small), 'behind');
    assert.ok(large?.equals(Buffer.alloc(1_200_000, 1)));
    const states = Array.from(archive.entries(), ({ state }) => state);
    assert.deepEqual(states, ['archived', 'seizing', 'archived']);
  });

test('what several entries share is kept once, unless it changed in between', async () => {
  using archive = create();
  const numbers = [announce(archive), announce(archive), announce(archive)];
  let read = 0;
  const shared = (text: string, modifiedAt: number) => ({
    ...fileWith(Buffer.from(text), '/var/spool/smtpd/queue/0a/0a1b2c3d/message'),
    modifiedAt,
    *chunks() {
      read++;
      yield Buffer.from(text);
    },
  });
  using batch = archive.begin();
  for (const [at, number] of numbers.entries())
    batch.add(number, false, [shared(at < 2 ? 'old' : 'new', at < 2 ? 1 : 2)]);
  batch.commit();
  assert.equal(read, 2);
  const found = await Promise.all(numbers.map((number) => contentsOf(archive, number)));
  assert.deepEqual(found.flat().map(String), ['old', 'old', 'new']);
});

test('a batch that is not committed is not there', () => {
  const folder = freshFolder();
  {
    using archive = create(folder);
    const number = announce(archive);
    using batch = archive.begin();
    batch.add(number, false, [fileWith(Buffer.alloc(2_000_000))]);
  }
  using archive = openReceipt(folder, '2026-11-22.1');
  assert.equal(archive.counts().seizing, 1);
  assert.deepEqual(archive.filesOf(1), []);
});

test('states, names and problems are written down; what is forgotten is gone', () => {
  using archive = create();
  const [a, b, c] = [put(archive, []), put(archive, [Buffer.from('x')]), announce(archive)];
  archive.settle([
    { number: a, state: 'restored', restoredAs: 'B1' },
    { number: b, state: 'forgotten' },
    { number: c, state: 'removed', problem: 'its disk' },
  ]);
  assert.deepEqual(
    Array.from(archive.entries(), ({ number, state, restoredAs, problem }) => [
      ...[number, state, restoredAs, problem],
    ]),
    [
      [a, 'restored', 'B1', null],
      [c, 'removed', null, 'its disk'],
    ],
  );
  assert.deepEqual(archive.filesOf(b), []);
  assert.deepEqual(
    Array.from(archive.entries(['removed']), ({ number }) => number),
    [c],
  );
});

test('pages of entries may change while they are walked through', () => {
  using archive = create();
  archive.announce(Array(1_234).fill(example), 'seizing');
  let count = 0;
  for (const { number } of archive.entries(['seizing'])) {
    archive.settle([{ number, state: 'left' }]);
    if (++count % 300 === 0) archive.announce([example], 'holding');
  }
  assert.equal(count, 1_234);
});

test('a full disk fails the batch, and what was there before can be read', async () => {
  const folder = freshFolder();
  using archive = create(folder, { maxBytes: 400_000 });
  const first = put(archive, [Buffer.from('first')]);
  const number = announce(archive);
  const random = Buffer.from(
    Uint32Array.from({ length: 600_000 }, () => Math.random() * 2 ** 32).buffer,
  );
  assert.throws(
    () => {
      using batch = archive.begin();
      batch.add(number, false, [fileWith(random)]);
      batch.commit();
    },
    { code: 'ARCHIVE_WRITE', message: /disk is full.*Make room/ },
  );
  assert.deepEqual((await contentsOf(archive, first)).map(String), ['first']);
  assert.equal(archive.counts().archived, 1);
  archive.settle([{ number, state: 'forgotten' }]);
});

test('many notices that look alike take a small part of their room', () => {
  const folder = freshFolder();
  {
    using archive = create(folder);
    const numbers = Array.from({ length: 500 }, (_, at) => announce(archive, `ID${at}`));
    using batch = archive.begin();
    for (const [at, number] of numbers.entries()) {
      const text = `To: <nicholas@seaton.biz>\n${'The mailbox is not known here.\n'.repeat(120)}${at}`;
      batch.add(number, false, [fileWith(Buffer.from(text), `/${at}`)]);
    }
    batch.commit();
  }
  assert.ok(statSync(join(folder, 'receipts/2026-11-22.1.receipt')).size < (500 * 3_700) / 10);
});

const unusable: readonly [name: string, make: (path: string) => void, message: RegExp][] = [
  ['not there', () => {}, /there is no such file/],
  ['a folder', (path) => mkdirSync(path), /it is no file/],
  ['empty', (path) => writeFileSync(path, ''), /empty or no receipt/],
  ['something else', (path) => writeFileSync(path, 'x'.repeat(5_000)), /it is no receipt/],
  ['of a newer Spillway', makeNewer, /newer Spillway/],
];
for (const [name, make, message] of unusable)
  test(`a receipt that cannot be used: ${name}`, () => {
    const folder = freshFolder();
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'some.receipt');
    make(path);
    assert.throws(() => openReceipt(folder, path), { code: 'ARCHIVE_OPEN', message });
  });

function makeNewer(path: string): void {
  const folder = freshFolder();
  {
    using archive = create(folder);
    announce(archive);
  }
  writeFileSync(path, readFileSync(join(folder, 'receipts/2026-11-22.1.receipt')));
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
}

test('a piece that a disk has changed is an error, not a message', async () => {
  const folder = freshFolder();
  {
    using archive = create(folder);
    put(archive, [Buffer.alloc(5_000, 'some text ')]);
  }
  const database = new DatabaseSync(join(folder, 'receipts/2026-11-22.1.receipt'));
  const { bytes } = database.prepare('SELECT bytes FROM piece').get() ?? {};
  assert.ok(bytes instanceof Uint8Array);
  const at = bytes.length - 6;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  database.prepare('UPDATE piece SET bytes = ?').run(bytes);
  database.close();
  using archive = openReceipt(folder, '2026-11-22.1');
  await assert.rejects(contentsOf(archive, 1), { code: 'ARCHIVE_READ' });
});
