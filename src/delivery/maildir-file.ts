/**
 * One message into one Maildir: written to `tmp`, on disk, and only then seen in `new`.
 *
 * Whatever goes wrong leaves at most a file in `tmp`, which readers remove after 36 hours.
 */
import { type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import type { MaildirPlace } from './maildir-folder.ts';

export interface MaildirDraft {
  /** Unique for this message and recipient, and the same each time that they are tried. */
  readonly name: string;
  /** Unique for ever. */
  readonly temporaryName: string;
  /** As they are to be in the file. */
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * On disk once resolved. A file of that name and content in `new` is this message, delivered before a
 * crash: then nothing is written. Rejects with the system's error, or with what `pieces` throws.
 */
export async function writeMaildirFile(place: MaildirPlace, draft: MaildirDraft): Promise<void> {
  const { folder } = place;
  const temporary = `${folder}/tmp/${draft.temporaryName}`;
  const file = await openMaking(place, temporary);
  try {
    try {
      for await (const piece of draft.pieces()) await writeAll(file, piece);
      await file.datasync();
    } finally {
      await file.close();
    }
    await linkOnce(temporary, `${folder}/new/`, draft);
    await syncFolder(`${folder}/new`);
  } finally {
    await unlink(temporary).catch(() => {}); // it is in `new`, or of no use
  }
}

async function openMaking(place: MaildirPlace, path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeMaildir(place);
    return await open(path, 'wx', 0o600);
  }
}

/** The folder of the template itself is made only where its parent is there: a disk may be missing. */
async function makeMaildir({ root, folder }: MaildirPlace): Promise<void> {
  await mkdir(root, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  let first = folder;
  for (const name of ['tmp', 'new', 'cur']) {
    const made = await mkdir(`${folder}/${name}`, { recursive: true, mode: 0o700 });
    if (made !== undefined && made.length < first.length) first = made;
  }
  for (let path = folder; ; path = dirname(path)) {
    await syncFolder(path);
    if (path.length < first.length || path === root || path === '/') return;
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; )
    at += (await file.write(piece, at, piece.length - at)).bytesWritten;
}

/** A link never replaces a file, as a renaming would. */
async function linkOnce(temporary: string, folder: string, draft: MaildirDraft): Promise<void> {
  try {
    await link(temporary, `${folder}${draft.name}`);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    if (await isSameFile(temporary, `${folder}${draft.name}`)) return;
    await link(temporary, `${folder}${draft.temporaryName}`);
  }
}

async function isSameFile(path: string, otherPath: string): Promise<boolean> {
  await using file = await open(path, 'r');
  await using other = await open(otherPath, 'r');
  const [size, otherSize] = [(await file.stat()).size, (await other.stat()).size];
  if (size !== otherSize) return false;
  const [bytes, otherBytes] = [Buffer.alloc(65_536), Buffer.alloc(65_536)];
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    await other.read(otherBytes, 0, bytesRead, at);
    if (bytesRead === 0 || bytes.compare(otherBytes, 0, bytesRead, 0, bytesRead) !== 0)
      return false;
    at += bytesRead;
  }
  return true;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
