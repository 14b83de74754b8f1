/**
 * Files of a queue put into place and taken away by ourselves, each whole or not at all.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { makeFolder } from '../store/sqlite-file.ts';
import { isThere } from './disk.ts';
import { fillFile } from './fill-file.ts';
import type { ArchivedFile } from './mail-server.ts';

/** Begins the name of a file that is not whole yet; no server takes such a name for one of its own. */
const prefix = '.spillway-';

/** As it was, and on disk when it resolves; the folder is not synced. Throws what the system throws. */
export async function writeQueueFile(file: ArchivedFile): Promise<void> {
  const { path } = file;
  const temporary = join(dirname(path), `${prefix}${basename(path)}`);
  remove(temporary);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await fillFile(handle, file, file.content());
    await rename(temporary, path);
  } catch (error) {
    remove(temporary);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Not there is well. */
export function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Makes the folder where it is missing, for the owner of the one above it. */
export function makeQueueFolder(path: string): void {
  if (isThere(path)) return;
  const above = dirname(path);
  makeQueueFolder(above);
  makeFolder(path);
  const { uid, gid, mode } = lstatSync(above);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fchownSync(descriptor, uid, gid);
    fchmodSync(descriptor, mode & 0o7777);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Removes a file that several entries may share, once its folder holds nothing else, and the folder with
 * it: the message of OpenSMTPD's envelopes.
 */
export function removeShared(path: string): void {
  const folder = dirname(path);
  try {
    if (readdirSync(folder).some((name) => name !== basename(path))) return;
    remove(path);
    rmdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
