/**
 * The queue of a mail server that does not work on it: a copy, or a server that is stopped for good and
 * whose programs are not here. Its files are removed and put back by ourselves.
 *
 * For a queue that nobody works on: nothing here keeps a server away.
 */
import { basename, dirname } from 'node:path';
import type { Mta } from '../foreign/queue-entry.ts';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';
import { isThere, syncFolder } from './disk.ts';
import type {
  ArchivedEntry,
  MailServer,
  Missed,
  QueueHand,
  Restored,
  Seizure,
} from './mail-server.ts';
import { openReader } from './open-reader.ts';
import { makeQueueFolder, remove, removeShared, writeQueueFile } from './queue-files.ts';
import type { EntryPlace, QueueReader, QueueSource } from './reader.ts';

const names: { readonly [mta in Mta]: string } = {
  sendmail: 'sendmail',
  postfix: 'Postfix',
  exim: 'Exim',
  opensmtpd: 'OpenSMTPD',
};

/** Entries that are put back at the same time. */
const lanes = 16;

const noServer = {
  problem: 'only its mail server can hold a message or release it, and none works on this queue',
};

/** `isStopped`: the admin says that no server works on it. */
export function openFolderServer(source: QueueSource, isStopped: boolean): MailServer {
  return {
    title: `a queue folder of ${names[source.mta]}`,
    source,
    queue: source.folders.join(' '),
    isRunning: async () => false,
    nextHops: async () => new Map(),
    hand: isStopped ? folderHand(openReader(source)) : null,
    whyNoHand: isStopped
      ? null
      : 'it is the queue of no mail server that was found here, and one may work on it all the same. Where none does, say --stopped',
  };
}

function folderHand(reader: QueueReader): QueueHand {
  const isHeld = (place: EntryPlace) => {
    const read = reader.read(place);
    return read.kind === 'entry' && read.entry.state === 'held';
  };
  return {
    seize: async (places) => seize(reader, places),
    hold: async (places) => new Map(places.map(({ id }) => [id, noServer])),
    release: async (ids) =>
      new Map(
        ids.map((id) => {
          const place = reader.find(id);
          return [id, place ? (isHeld(place) ? noServer : 'released') : 'gone'];
        }),
      ),
    restore: async (entries) => {
      const results = new Map<string, Restored>();
      const folders = new Set<string>();
      // What shares a file is written by one lane.
      const left = Map.groupBy(entries, keyOf).values();
      const restoreNext = async () => {
        for (const group of left)
          for (const entry of group) results.set(entry.id, await restore(entry, folders));
      };
      // Together, a disk syncs them nearly as fast as one.
      await Promise.all(Array.from({ length: lanes }, restoreNext));
      await Promise.all([...folders].map(syncFolder));
      return results;
    },
  };
}

function seize(reader: QueueReader, places: readonly EntryPlace[]): Seizure {
  const found = places.flatMap(({ id }) => {
    const place = reader.find(id);
    const read = place && reader.read(place);
    const wasHeld = read?.kind === 'entry' && read.entry.state === 'held';
    return place ? [[id, { place, wasHeld }] as const] : [];
  });
  const seized = new Map(found);
  const isGone = ({ id }: EntryPlace) => !seized.has(id);
  return {
    seized,
    missed: new Map(places.filter(isGone).map(({ id }) => [id, 'gone'])),
    async remove(ids) {
      const folders = new Set<string>();
      const results = new Map(
        ids.map((id) => {
          const place = seized.get(id)?.place;
          return [id, place ? removeEntry(reader, place, folders) : ('gone' as const)];
        }),
      );
      await Promise.all([...folders].filter(isThere).map(syncFolder));
      return results;
    },
    async [Symbol.asyncDispose]() {},
  };
}

function removeEntry(
  reader: QueueReader,
  place: EntryPlace,
  folders: Set<string>,
): Missed | 'removed' {
  try {
    const files = reader.filesOf(place);
    if (!isThere(place.path)) return 'gone';
    // What makes it an entry goes first: half of one would be worse than one that is left.
    for (const file of files.toReversed()) {
      if (isOwn(file, place.id)) remove(file);
      else removeShared(file);
      folders.add(dirname(file));
    }
    return 'removed';
  } catch (error) {
    return { problem: errorText(error) };
  }
}

async function restore(entry: ArchivedEntry, folders: Set<string>): Promise<Restored> {
  const last = entry.files.at(-1);
  if (!last) return { kind: 'fault', problem: 'expected files, found none' };
  if (isThere(last.path)) return { kind: 'present' };
  try {
    for (const file of entry.files) {
      // A message that other envelopes share may be there still.
      if (!isOwn(file.path, entry.id) && isThere(file.path)) continue;
      makeQueueFolder(dirname(file.path));
      await writeQueueFile(file);
      folders.add(dirname(file.path));
    }
    return { kind: 'restored', id: entry.id };
  } catch (error) {
    if (errorCode(error) === 'ARCHIVE_READ') throw error;
    return { kind: 'fault', problem: errorText(error) };
  }
}

function keyOf({ id, files }: ArchivedEntry): string {
  return files.find(({ path }) => !isOwn(path, id))?.path ?? id;
}

function isOwn(path: string, id: string): boolean {
  // sendmail's df stands beside its qf under the same name without the prefix.
  return basename(path).includes(id);
}
