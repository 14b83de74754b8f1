/**
 * Exim's queue, read from its spool.
 *
 * An entry costs three calls for its -H file and one for the size of its body, a notice three for the
 * body itself. A journal is looked for only where the listing has not just told that there is none.
 */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { textOfHeader } from '../../foreign/exim/header-lines.ts';
import { parseJournal } from '../../foreign/exim/journal.ts';
import { bodyOffset, isMessageId } from '../../foreign/exim/message-id.ts';
import { makeEximEntry, noticeOf } from '../../foreign/exim/queue-entry.ts';
import { parseSpoolHeader } from '../../foreign/exim/spool-header.ts';
import { type NoticeReport, noticePrefix, readNoticeReport } from '../../foreign/notice-report.ts';
import { createFileTexts } from '../file-text.ts';
import type { EntryPlace, Listed, PlaceRead, QueueReader } from '../reader.ts';
import { listSpool } from './listing.ts';
import { headerPaths, largestSpoolFile, placeOf, queueFolders, stemOf } from './spool-files.ts';

export function openEximReader(folders: readonly string[]): QueueReader {
  const files = createFileTexts();

  function* list(): Generator<Listed> {
    for (const spool of folders)
      for (const { folder, ids, journals, strangers } of listSpool(spool)) {
        for (const stranger of strangers) yield { kind: 'unreadable', ...stranger };
        for (const id of ids)
          yield {
            kind: 'entry',
            place: { id, path: `${folder}/${id}-H`, isAlone: !journals.has(id) },
          };
      }
  }

  function read({ id, path, isAlone = false }: EntryPlace): PlaceRead {
    const file = files.read(path, largestSpoolFile);
    if (file.kind === 'absent') return file;
    if (file.kind === 'unreadable') return { ...file, path };
    if (file.isCut) return { kind: 'unreadable', path, problem: tooLarge };
    const header = parseSpoolHeader(file.text, id);
    if (header.kind === 'fault') return { kind: 'unreadable', path, problem: header.problem };
    const stem = stemOf(path);
    const body =
      noticeOf(header) === null
        ? sizeOfBody(id, stem)
        : readNotice(id, textOfHeader(file.text, header.headerAt), stem);
    if (!body) return withoutBody(path, !existsSync(`${stem}-D`));
    const journal = isAlone ? null : readJournal(stem);
    if (journal && 'problem' in journal) return journal;
    return { kind: 'entry', entry: makeEximEntry({ id, header, journal, ...body }) };
  }

  function readJournal(
    stem: string,
  ): ReadonlySet<string> | Extract<PlaceRead, { kind: 'unreadable' }> | null {
    const path = `${stem}-J`;
    if (!existsSync(path)) return null;
    const file = files.read(path, largestSpoolFile);
    if (file.kind === 'absent') return null;
    if (file.kind === 'unreadable') return { ...file, path };
    return file.isCut ? { kind: 'unreadable', path, problem: tooLarge } : parseJournal(file.text);
  }

  /** A body that ends within the part that is read need not be asked for its size. */
  function readNotice(id: string, header: string, stem: string): Body | null {
    const own = bodyOffset(id);
    const file = files.read(`${stem}-D`, own + noticePrefix);
    const text = file.kind === 'text' ? file.text : '';
    const isWhole = file.kind === 'text' && !file.isCut && text.length > own;
    const bodySize = isWhole ? text.length - own : sizeOfBody(id, stem)?.bodySize;
    if (bodySize === undefined) return null;
    return { bodySize, report: readNoticeReport([header, '\n', text.slice(own)].join('')) };
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

const tooLarge = `expected at most ${largestSpoolFile} octets, found more`;

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
