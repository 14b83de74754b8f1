/**
 * sendmail's queue on disk: control files qf, or hf where quarantined, with their bodies in df.
 */
import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type NoticeReport, noticePrefix, readNoticeReport } from '../../foreign/notice-report.ts';
import { headerOf, type QueueFile, readQueueFile } from '../../foreign/sendmail/queue-file.ts';
import type { EntryPlace, Listed, PlaceRead, QueueReader, Unreadable } from '../reader.ts';
import { folderNamed, namesIn, openFolders } from './folders.ts';

/** Twice what a list of 100,000 recipients needs. */
const largestControlFile = 16 * 1024 * 1024;
/** What sendmail writes is complete long before; a rest without its control file is, too. */
const settled = { writing: 60_000, orphan: 3_600_000 };
/** MAXQFNAME of sendmail, without `qf`; letters and digits are all it makes ids of. */
const control = /^[qh]f([A-Za-z0-9]{5,30})$/;
const others = /^[dxtQT]f[A-Za-z0-9]{5,30}$/;

/** Throws QueueFolderError where a folder cannot be looked into. */
export function openSendmailReader(paths: readonly string[]): QueueReader {
  const folders = openFolders(paths);
  const byQf = new Map(folders.map((folder) => [folder.qf, folder]));
  let buffer = Buffer.allocUnsafeSlow(65_536);

  function* list(): Generator<Listed> {
    const known = new Set<string>();
    const bodies: string[] = [];
    const seen = new Set<string>();
    for (const folder of folders)
      for (const place of new Set([folder.qf, folder.df, folder.path])) {
        if (seen.has(place)) continue;
        seen.add(place);
        for (const name of namesIn(place)) {
          const id = place === folder.qf ? control.exec(name)?.[1] : undefined;
          const path = `${place}/${name}`;
          if (id !== undefined) {
            known.add(id);
            yield { kind: 'entry', place: { id, path } };
          } else if (!others.test(name)) {
            const problem = strangerAt(path, name);
            if (problem !== null) yield { kind: 'unreadable', path, problem };
          } else if (name.startsWith('df')) {
            bodies.push(path);
          } else if (name.startsWith('Q') || name.startsWith('T')) {
            known.add(name.slice(2));
            yield { kind: 'unreadable', path, problem: setAside };
          }
        }
      }
    for (const path of bodies) {
      const orphan = known.has(basename(path).slice(2)) ? null : orphanAt(path);
      if (orphan !== null) yield { kind: 'unreadable', ...orphan };
    }
  }

  function orphanAt(path: string): Unreadable | null {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || Date.now() - found.mtimeMs < settled.orphan) return null;
    if (find(basename(path).slice(2)) !== null) return null;
    return { path, problem: 'expected a control file for this body, found none: it is left over' };
  }

  /** Puts a file into `buffer`, from its beginning; how many octets of it, at most `limit`. */
  function load(path: string, limit: number): Loaded {
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      return code === 'ENOENT'
        ? 'absent'
        : { problem: `expected a file, found ${code} on opening it` };
    }
    try {
      for (let length = 0; ; ) {
        const room = Math.min(buffer.length, limit) - length;
        const got = readSync(file, buffer, length, room, null);
        length += got;
        // A file gives all it has.
        if (got < room || length >= limit) return length;
        const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
    } catch (error) {
      return { problem: `expected a file, found ${codeOf(error)} on reading it` };
    } finally {
      closeSync(file);
    }
  }

  function read(place: EntryPlace): PlaceRead {
    const { id, path } = place;
    const unreadable = (problem: string): PlaceRead => ({ kind: 'unreadable', path, problem });
    const folder = byQf.get(dirname(path));
    if (!folder) return unreadable('expected a file in a queue folder, found it elsewhere');
    const length = load(path, largestControlFile);
    if (length === 'absent') return { kind: 'absent' };
    if (typeof length !== 'number') return unreadable(length.problem);
    if (length >= largestControlFile)
      return unreadable(`expected at most ${largestControlFile} octets, found more`);
    const found = readQueueFile(buffer, length);
    if (found.kind === 'cut' && isFresh(path)) return { kind: 'absent' };
    if (found.kind !== 'whole') return unreadable(found.problem);
    const { file } = found;
    const home = file.dataFolder === null ? folder : folderNamed(folders, file.dataFolder, folder);
    if (home === null)
      return unreadable('expected a queue folder of this server in the d line, found another');
    const body = `${home.df}/df${id}`;
    const stat = lstatSync(body, { throwIfNoEntry: false });
    // Delivered while we looked, or lost.
    if (!stat)
      return isThere(path) ? unreadable(`expected a body, found no ${body}`) : { kind: 'absent' };
    if (!stat.isFile()) return unreadable(`expected a file, found something else at ${body}`);
    const report = file.notice === null ? null : reportOf(length, body);
    return { kind: 'entry', entry: entryOf(place, file, stat.size, report) };
  }

  /** The control file stands in the buffer, and is overwritten. */
  function reportOf(length: number, body: string): NoticeReport | null {
    const header = headerOf(buffer, length, noticePrefix);
    const rest = load(body, Math.max(noticePrefix - header.length, 0));
    const known = typeof rest === 'number' ? buffer.subarray(0, rest) : Buffer.alloc(0);
    return readNoticeReport(Buffer.concat([header, known]));
  }

  function find(id: string): EntryPlace | null {
    if (!control.test(`qf${id}`)) return null;
    for (const { qf } of folders)
      for (const letter of ['q', 'h']) {
        const path = `${qf}/${letter}f${id}`;
        if (isThere(path)) return { id, path };
      }
    return null;
  }

  function filesOf({ id, path }: EntryPlace): readonly string[] {
    // Several folders may share the id's body and transcript; the control file is always its own.
    const places = [
      ...folders.map(({ df }) => `${df}/df${id}`),
      ...folders.map(({ xf }) => `${xf}/xf${id}`),
    ];
    return [...new Set(places)].filter(isThere).concat(path);
  }

  return { list, read, find, filesOf };
}

type Loaded = number | 'absent' | { readonly problem: string };

const setAside = 'expected qf or hf, found a control file that sendmail has set aside as broken';

function entryOf(
  { id, path }: EntryPlace,
  file: QueueFile,
  size: number,
  report: NoticeReport | null,
): Extract<PlaceRead, { kind: 'entry' }>['entry'] {
  const { arrivedAt, lastTriedAt, tries, complaint, reversePath, notice, recipients, client } =
    file;
  // No queue run takes a message with a reason for quarantine, whatever its file is called.
  const isHeld = basename(path).startsWith('h') || file.quarantine !== null;
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

/** Folders are the queue's own; files that are none of sendmail's are worth a word. */
function strangerAt(path: string, name: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || found.isDirectory() || name.startsWith('.')) return null;
  return 'expected a file of sendmail, found one of another name';
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFresh(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return !found || Date.now() - found.mtimeMs < settled.writing;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
