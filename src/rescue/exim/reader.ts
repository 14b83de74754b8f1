/**
 * Exim's queue, read from its spool.
 *
 * An entry costs three calls for its -H file and one for the size of its body, a notice three for the
 * body itself. A journal is looked for by name alone where the listing has just told of all names.
 */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { copyHeader } from '../../foreign/exim/header-lines.ts';
import { parseJournal } from '../../foreign/exim/journal.ts';
import { bodyOffset, isMessageId } from '../../foreign/exim/message-id.ts';
import { makeEximEntry, noticeOf } from '../../foreign/exim/queue-entry.ts';
import { parseSpoolHeader, type SpoolHeader } from '../../foreign/exim/spool-header.ts';
import { type NoticeReport, noticePrefix, readNoticeReport } from '../../foreign/notice-report.ts';
import type { EntryPlace, Listed, PlaceRead, QueueReader } from '../reader.ts';
import { FileBuffer, readPart } from './file-buffer.ts';
import { type ListedFolder, listSpool } from './listing.ts';
import { headerPaths, placeOf, queueFolders, stemOf } from './spool-files.ts';

/** Octets of the largest -H or -J file that is read; Exim takes headers of 1 MB if not told otherwise. */
const largestFile = 64 * 1024 * 1024;

export function openEximReader(folders: readonly string[]): QueueReader {
  const headers = new FileBuffer(65_536, largestFile);
  const journals = new FileBuffer(4096, largestFile);
  const notice = Buffer.allocUnsafe(3 * noticePrefix);
  let listing: ListedFolder | null = null;

  function* list(): Generator<Listed> {
    try {
      for (const spool of folders)
        for (const found of listSpool(spool)) {
          listing = found;
          for (const stranger of found.strangers) yield { kind: 'unreadable', ...stranger };
          for (const id of found.ids)
            yield { kind: 'entry', place: { id, path: `${found.folder}/${id}-H` } };
        }
    } finally {
      listing = null;
    }
  }

  function read({ id, path }: EntryPlace): PlaceRead {
    const file = headers.read(path);
    if (file.kind === 'absent') return file;
    if (file.kind === 'unreadable') return { ...file, path };
    const header = parseSpoolHeader(file.bytes, id);
    if (header.kind === 'fault') return { kind: 'unreadable', path, problem: header.problem };
    const stem = stemOf(path);
    const isNotice = noticeOf(header) !== null;
    const body = isNotice ? readNotice(id, header, file.bytes, stem) : sizeOfBody(id, stem);
    if (!body) return withoutBody(path, !existsSync(`${stem}-D`));
    const journal = readJournal(id, stem);
    if (journal && 'problem' in journal) return journal;
    return { kind: 'entry', entry: makeEximEntry({ id, header, journal, ...body }) };
  }

  function readJournal(
    id: string,
    stem: string,
  ): ReadonlySet<string> | Extract<PlaceRead, { kind: 'unreadable' }> | null {
    const path = `${stem}-J`;
    const isThere =
      listing && stem === `${listing.folder}/${id}` ? listing.journals.has(id) : existsSync(path);
    if (!isThere) return null;
    const file = journals.read(path);
    if (file.kind === 'unreadable') return { ...file, path };
    return file.kind === 'bytes' ? parseJournal(file.bytes) : null;
  }

  /** A body that ends within the part that is read need not be asked for its size. */
  function readNotice(
    id: string,
    { headerAt }: SpoolHeader,
    bytes: Buffer,
    stem: string,
  ): Body | null {
    let length = copyHeader(bytes, headerAt, notice.subarray(0, 2 * noticePrefix - 1));
    notice[length++] = 10;
    const room = notice.subarray(length, length + noticePrefix);
    const read = readPart(`${stem}-D`, bodyOffset(id), room);
    const isWhole = read !== null && read > 0 && read < room.length;
    const bodySize = isWhole ? read : sizeOfBody(id, stem)?.bodySize;
    if (bodySize === undefined) return null;
    const report = readNoticeReport(notice.subarray(0, length + (read ?? 0)));
    return { bodySize, report };
  }

  return {
    list,
    read,
    find(id) {
      if (!isMessageId(id)) return null;
      const queues = folders.flatMap((spool) => queueFolders(spool));
      const path = queues.flatMap((queue) => headerPaths(queue, id)).find(existsSync);
      return path === undefined ? null : { id, path };
    },
    filesOf({ id, path }) {
      const stem = stemOf(path);
      const place = placeOf(path);
      const log = place ? [join(place.queueFolder, 'msglog', place.letter, id)] : [];
      return [...[`${stem}-D`, `${stem}-J`, ...log].filter(existsSync), path];
    },
  };
}

interface Body {
  readonly bodySize: number;
  readonly report: NoticeReport | null;
}

/** Null: there is no such file. */
function sizeOfBody(id: string, stem: string): Body | null {
  const found = lstatSync(`${stem}-D`, { throwIfNoEntry: false });
  if (!found?.isFile()) return null;
  return { bodySize: Math.max(0, found.size - bodyOffset(id)), report: null };
}

/** Exim writes the body first and removes it first. */
function withoutBody(path: string, isGone: boolean): PlaceRead {
  if (isGone && !existsSync(path)) return { kind: 'absent' };
  const found = isGone ? 'none' : 'something else';
  return { kind: 'unreadable', path, problem: `expected a -D file beside it, found ${found}` };
}
