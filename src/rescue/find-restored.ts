/**
 * Which entries an undo had put back when it died, before it could write that down: they may have
 * another name now, but came to the server at the same time, from the same sender to the same recipients.
 */
import type { ArchiveStore, StoredEntry } from '../store/archive-store.ts';
import { fingerprintOf, type QueueReader } from './reader.ts';

/** With their names now. Reads the whole queue, unless there are none. */
export function findRestored(
  archive: ArchiveStore,
  reader: QueueReader,
): ReadonlyMap<StoredEntry, string> {
  const found = new Map<StoredEntry, string>();
  const wanted = Map.groupBy(archive.entries(['restoring']), keyOf);
  if (wanted.size === 0) return found;
  const taken = new Set<string>();
  for (const { restoredAs } of archive.entries(['restored']))
    if (restoredAs !== null) taken.add(restoredAs);
  for (const listed of reader.list()) {
    if (listed.kind !== 'entry' || taken.has(listed.place.id)) continue;
    const read = reader.read(listed.place);
    if (read.kind !== 'entry') continue;
    const { entry } = read;
    const match = wanted
      .get(keyOf(entry))
      ?.find(
        (stored) =>
          !found.has(stored) && fingerprintOf({ ...entry, id: stored.id }) === stored.fingerprint,
      );
    if (!match) continue;
    found.set(match, entry.id);
    taken.add(entry.id);
  }
  return found;
}

function keyOf({ arrivedAt, reversePath }: Pick<StoredEntry, 'arrivedAt' | 'reversePath'>): string {
  return `${arrivedAt} ${reversePath}`;
}
