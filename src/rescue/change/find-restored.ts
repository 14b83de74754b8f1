/**
 * Which entries an undo had put back when it died, before it could write that down: under their own
 * names, or with the same files under a name that the server gave them.
 */
import type { ArchiveStore, StoredEntry } from '../../store/archive-store.ts';
import { fingerprintOf, type QueueReader } from '../reader.ts';
import { openEntryFiles } from './entry-files.ts';
import { isInQueue } from './settle.ts';

/** With their names now. Reads the whole queue, unless there are none. */
export async function findRestored(
  archive: ArchiveStore,
  reader: QueueReader,
): Promise<ReadonlyMap<StoredEntry, string>> {
  const found = new Map<StoredEntry, string>();
  const missing: StoredEntry[] = [];
  for (const stored of archive.entries(['restoring']))
    if (isInQueue(reader, stored)) found.set(stored, stored.id);
    else missing.push(stored);
  if (missing.length === 0) return found;
  const wanted = Map.groupBy(missing, keyOf);
  const taken = new Set(found.values());
  for (const { restoredAs } of archive.entries(['restored']))
    if (restoredAs !== null) taken.add(restoredAs);
  for (const listed of reader.list()) {
    if (listed.kind !== 'entry' || taken.has(listed.place.id)) continue;
    const read = reader.read(listed.place);
    const candidates = read.kind === 'entry' ? wanted.get(keyOf(read.entry)) : undefined;
    if (read.kind !== 'entry' || !candidates) continue;
    const { entry } = read;
    for (const stored of candidates) {
      if (found.has(stored) || fingerprintOf({ ...entry, id: stored.id }) !== stored.fingerprint)
        continue;
      // A flood brings many in the same moment from and to the same.
      if (!(await hasFiles(archive, stored, reader.filesOf(listed.place)))) continue;
      found.set(stored, entry.id);
      taken.add(entry.id);
      break;
    }
  }
  return found;
}

function keyOf({ arrivedAt, reversePath }: Pick<StoredEntry, 'arrivedAt' | 'reversePath'>): string {
  return `${arrivedAt} ${reversePath}`;
}

/** Whether these files are the entry's, octet by octet. */
async function hasFiles(
  archive: ArchiveStore,
  { number }: StoredEntry,
  paths: readonly string[],
): Promise<boolean> {
  const stored = archive.filesOf(number);
  try {
    using opened = openEntryFiles(paths);
    if (opened.files.length !== stored.length) return false;
    for (const [index, file] of stored.entries()) {
      const other = opened.files[index];
      if (!other || other.size !== file.size) return false;
      if (!(await isSame(file.content(), other.chunks()))) return false;
    }
    return true;
  } catch {
    // One that goes or cannot be read is none of ours; a damaged receipt is told of when it is used.
    return false;
  }
}

/** Both are as long as each other. */
async function isSame(
  one: AsyncIterable<Uint8Array>,
  other: Iterable<Uint8Array>,
): Promise<boolean> {
  const rest = other[Symbol.iterator]();
  let chunk = Buffer.alloc(0);
  for await (const part of one)
    for (let at = 0; at < part.length; ) {
      if (chunk.length === 0) chunk = Buffer.from(rest.next().value ?? []);
      const length = Math.min(chunk.length, part.length - at);
      if (length === 0 || chunk.compare(part, at, at + length, 0, length) !== 0) return false;
      chunk = chunk.subarray(length);
      at += length;
    }
  return true;
}
