import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { idFor, timeOfId } from '../../foreign/postfix/queue-id.ts';
import type { ArchivedEntry, ArchivedFile } from '../mail-server.ts';
import { restoreEntries } from './restore.ts';

const message = readFileSync(
  new URL(
    '../../../test/golden/queue-postfix/04-partly-delivered/queue/deferred/E/E83E94B',
    import.meta.url,
  ),
);
const { uid, gid } = statSync(import.meta.filename);

function fileOf(path: string, bytes: Uint8Array, mode = 0o700): ArchivedFile {
  return {
    ...{ path, mode, uid, gid, modifiedAt: 1_157_443_200_000, size: bytes.length },
    async *content() {
      yield bytes;
    },
  };
}

function entryOf(id: string, bytes: Uint8Array, wasHeld = false): ArchivedEntry {
  const log = fileOf(`/old/bounce/${id}`, Buffer.from('why'), 0o600);
  return { id, wasHeld, files: [log, fileOf(`/old/deferred/E/${id}`, bytes)] };
}

/** What was put back, and the files that are there then. */
async function restore(folder: string, entries: readonly ArchivedEntry[]) {
  for (const name of ['incoming', 'active', 'deferred', 'hold', 'bounce'])
    mkdirSync(join(folder, name), { recursive: true });
  const released: string[] = [];
  const results = await restoreEntries(
    {
      folder,
      known: { byTime: null },
      hashing: { queues: new Set(['bounce']), depth: 2 },
      async release(ids) {
        released.push(...ids);
        return new Map(ids.map((id) => [id, 'released']));
      },
    },
    entries,
  );
  const files = globSync('**', { cwd: folder, withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
  return { results, files, released };
}

for (const id of ['E83E94B', '4jXjsv49smz1W'])
  test(`${id} comes back under the name of its new inode, whole and released`, async () => {
    using folder = temporaryFolder();
    const { results, files, released } = await restore(folder.path, [entryOf(id, message)]);
    const path = join(folder.path, files.find((file) => file.startsWith('hold/')) ?? '');
    const { ino, mode, mtimeMs } = statSync(path, { bigint: true });
    const now = idFor(timeOfId(id) ?? '', ino);
    assert.equal(basename(path), now);
    assert.equal(Number(mode) & 0o7777, 0o700);
    assert.equal(Number(mtimeMs), 1_157_443_200_000);
    assert.deepEqual(readFileSync(path), message);
    assert.deepEqual(results.get(id), { kind: 'restored', id: now });
    assert.deepEqual(released, [now]);
    const folders = id.length === 7 ? 'E/8' : '8/F';
    assert.deepEqual(files, [`bounce/${folders}/${now}`, `hold/${now}`]);

    // The same once more, and as it was left by an undo that died before it released.
    const again = await restore(folder.path, [entryOf(id, message, true)]);
    assert.deepEqual(again.results.get(id), { kind: 'present', id: now });
    const late = await restore(folder.path, [entryOf(id, message)]);
    assert.deepEqual(late.released, [now]);
    assert.deepEqual(late.files, files);
  });

const wrong: readonly [name: string, entry: ArchivedEntry][] = [
  ['an entry whose file is cut short', entryOf('E83E94B', message.subarray(0, -1))],
  ['an entry whose file is something else', entryOf('E83E94B', Buffer.from('not ours'))],
  ['an entry with a path for a name', entryOf('../../E83E94B', message)],
  ['an entry with no id of Postfix', entryOf('notes', message)],
  ['an entry without files', { id: 'E83E94B', wasHeld: false, files: [] }],
];
for (const [name, entry] of wrong)
  test(`${name} is not put back, and leaves nothing behind`, async () => {
    using folder = temporaryFolder();
    const { results, files, released } = await restore(folder.path, [entry]);
    assert.equal(results.get(entry.id)?.kind, 'fault');
    assert.deepEqual([files, released], [[], []]);
  });
