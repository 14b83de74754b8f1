/**
 * sendmail's queue on disk: control files qf, or hf where quarantined, with their bodies in df.
 */
import { lstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type NoticeReport, noticePrefix, readNoticeReport } from '../../foreign/notice-report.ts';
import { type QueueFile, readQueueFile } from '../../foreign/sendmail/queue-file.ts';
import { headerOf } from '../../foreign/sendmail/queue-header.ts';
import { isThere } from '../disk.ts';
import { createFileTexts } from '../file-text.ts';
import type { EntryPlace, Listed, PlaceRead, QueueReader, Unreadable } from '../reader.ts';
import { folderNamed, namesIn, openFolders } from './folders.ts';

/** Twice what a list of 100,000 recipients needs. */
const largestControlFile = 16 * 1024 * 1024;
/** What sendmail writes is complete long before; a rest without its control file is, too. */
const settled = { writing: 60_000, orphan: 3_600_000 };
/** MAXQFNAME of sendmail, without `qf`; letters and digits are all it makes ids of. */
const controlName = /^[qh]f[A-Za-z0-9]{5,30}$/;
const others = /^[dxtQT]f[A-Za-z0-9]{5,30}$/;

/** Throws QueueFolderError where a folder cannot be looked into. */
export function openSendmailReader(paths: readonly string[]): QueueReader {
  const folders = openFolders(paths);
  const byQf = new Map(folders.map((folder) => [folder.qf, folder]));
  const files = createFileTexts();

  function* list(): Generator<Listed> {
    /** By id: control files whose body was not seen yet, be they broken, and the other way round. */
    const controls = new Set<string>();
    const bodies = new Map<string, string>();
    const seen = new Set<string>();
    const noteControl = (id: string) => bodies.delete(id) || controls.add(id);
    for (const folder of folders)
      for (const place of [folder.qf, folder.df, folder.path]) {
        if (seen.has(place)) continue;
        seen.add(place);
        for (const name of namesIn(place)) {
          const path = `${place}/${name}`;
          const id = name.slice(2);
          if (place === folder.qf && controlName.test(name)) {
            noteControl(id);
            yield { kind: 'entry', place: { id, path } };
          } else if (name.startsWith('df') && others.test(name)) {
            if (!controls.delete(id)) bodies.set(id, place);
          } else {
            const problem = strangerAt(place, name);
            if (problem === setAside) noteControl(id);
            if (problem !== null) yield { kind: 'unreadable', path, problem };
          }
        }
      }
    for (const [id, place] of bodies) {
      const orphan = orphanAt(`${place}/df${id}`);
      if (orphan !== null) yield { kind: 'unreadable', ...orphan };
    }
  }

  function orphanAt(path: string): Unreadable | null {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || Date.now() - found.mtimeMs < settled.orphan) return null;
    if (find(basename(path).slice(2)) !== null) return null;
    return { path, problem: 'expected a control file for this body, found none: it is left over' };
  }

  function read(place: EntryPlace): PlaceRead {
    const { path } = place;
    const unreadable = (problem: string): PlaceRead => ({ kind: 'unreadable', path, problem });
    const folder = byQf.get(dirname(path));
    if (!folder) return unreadable('expected a file in a queue folder, found it elsewhere');
    const control = files.read(path, largestControlFile);
    if (control.kind === 'absent') return control;
    if (control.kind === 'unreadable') return unreadable(control.problem);
    if (control.isCut) return unreadable(tooLarge);
    const found = readQueueFile(control.text);
    if (found.kind === 'cut' && isFresh(path)) return { kind: 'absent' };
    if (found.kind !== 'whole') return unreadable(found.problem);
    const { file } = found;
    const home = file.dataFolder === null ? folder : folderNamed(folders, file.dataFolder, folder);
    if (home === null)
      return unreadable('expected a queue folder of this server in the d line, found another');
    const bodyPath = `${home.df}/df${place.id}`;
    const body =
      file.notice === null
        ? sizeOfBody(bodyPath)
        : readNotice(headerOf(control.text, noticePrefix), bodyPath);
    // Delivered while we looked, or lost.
    if (body === 'absent')
      return isThere(path)
        ? unreadable(`expected a body, found no ${bodyPath}`)
        : { kind: 'absent' };
    if (body === 'no file')
      return unreadable(`expected a file, found something else at ${bodyPath}`);
    return { kind: 'entry', entry: entryOf(place, file, body) };
  }

  /** A body that ends within the part that is read need not be asked for its size. */
  function readNotice(header: string, path: string): Body {
    const limit = Math.max(noticePrefix - header.length, 0);
    const file = files.read(path, limit);
    const text = file.kind === 'text' ? file.text : '';
    const report = readNoticeReport([header, text].join(''));
    if (text !== '' && text.length < limit) return { size: text.length, report };
    const body = sizeOfBody(path);
    return typeof body === 'string' ? body : { ...body, report };
  }

  function find(id: string): EntryPlace | null {
    if (!controlName.test(`qf${id}`)) return null;
    for (const { qf } of folders)
      for (const letter of ['q', 'h']) {
        const path = `${qf}/${letter}f${id}`;
        if (isThere(path)) return { id, path };
      }
    return null;
  }

  function filesOf({ id, path }: EntryPlace): readonly string[] {
    // Body and transcript may lie in the folder of another group, but for one that has a message of
    // this name itself.
    const home = dirname(path);
    const own = folders.filter(
      ({ qf }) => qf === home || !['q', 'h'].some((letter) => isThere(`${qf}/${letter}f${id}`)),
    );
    const places = [
      ...own.map(({ df }) => `${df}/df${id}`),
      ...own.map(({ xf }) => `${xf}/xf${id}`),
    ];
    return [...new Set(places)].filter(isThere).concat(path);
  }

  return { list, read, find, filesOf };
}

type Body = { readonly size: number; readonly report: NoticeReport | null } | 'absent' | 'no file';

function sizeOfBody(path: string): Body {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return 'absent';
  return found.isFile() ? { size: found.size, report: null } : 'no file';
}

const tooLarge = `expected at most ${largestControlFile} octets, found more`;

const setAside = 'expected qf or hf, found a control file that sendmail has set aside as broken';

function entryOf(
  { id, path }: EntryPlace,
  file: QueueFile,
  { size, report }: Exclude<Body, string>,
): Extract<PlaceRead, { kind: 'entry' }>['entry'] {
  const { arrivedAt, lastTriedAt, tries, complaint, reversePath, notice, recipients, client } =
    file;
  // No queue run takes a message with a reason for quarantine, whatever its file is called.
  const isHeld = path.endsWith(`/hf${id}`) || file.quarantine !== null;
  return {
    ...{ id, state: isHeld ? 'held' : 'waiting', heldFor: file.quarantine },
    ...{
      reversePath,
      notice,
      recipients,
      arrivedAt,
      lastTriedAt,
      tries,
      size,
      client,
      complaint,
      report,
    },
  };
}

/** What is wrong with a file that is no message; null where it is only another part of one. */
function strangerAt(folder: string, name: string): string | null {
  if (others.test(name)) return /^[QT]/.test(name) ? setAside : null;
  if (name.startsWith('.')) return null;
  const found = lstatSync(`${folder}/${name}`, { throwIfNoEntry: false });
  // Folders are queues of their own, or what an admin has put aside.
  if (!found || found.isDirectory()) return null;
  return 'expected a file of sendmail, found one of another name';
}

function isFresh(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return !found || Date.now() - found.mtimeMs < settled.writing;
}
