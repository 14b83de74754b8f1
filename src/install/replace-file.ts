/**
 * Files that are replaced whole or not at all, with a copy of what was there before.
 */
import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';

export class ReplaceFileError extends Error {
  readonly code = 'REPLACE_FILE';
  constructor(path: string, cause: unknown) {
    super(`cannot write ${path}: ${errorText(cause)}`, { cause });
  }
}

/** Owner and mode stay; survives a power cut once resolved. Throws ReplaceFileError. */
export async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  await using beside = await writeBeside(path, bytes);
  try {
    await rename(beside.path, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new ReplaceFileError(path, error);
  }
}

/** Gone at the end of its scope. */
export interface BesideFile extends AsyncDisposable {
  readonly path: string;
}

/** A new file with the owner and mode of the old one. Throws ReplaceFileError. */
export async function writeBeside(path: string, bytes: Buffer): Promise<BesideFile> {
  const temporary = `${path}.spillway-new`;
  const remove = () => rm(temporary, { force: true }).catch(() => undefined);
  try {
    await writeNew(temporary, bytes, await stat(path));
  } catch (error) {
    await remove();
    throw new ReplaceFileError(path, error);
  }
  return { path: temporary, [Symbol.asyncDispose]: remove };
}

/**
 * A copy beside the file, `FILE.before-spillway`; an older one of other content is kept under a name
 * with a number. Resolves to its path. Throws ReplaceFileError.
 */
export async function backUp(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const owner = await stat(path);
    const backups = await backupsOf(path);
    const same = backups.find((backup) => backup.bytes.equals(bytes));
    if (same) return same.path;
    const copy = backupOf(path, backups.length + 1);
    await writeNew(copy, bytes, owner);
    await syncFolder(dirname(path));
    return copy;
  } catch (error) {
    throw new ReplaceFileError(path, error);
  }
}

/** The copies beside the file, oldest first, with what they hold. Rejects for one that is there and cannot be read. */
export async function backupsOf(path: string): Promise<{ path: string; bytes: Buffer }[]> {
  const found: { path: string; bytes: Buffer }[] = [];
  for (let number = 1; ; number++) {
    const copy = backupOf(path, number);
    try {
      found.push({ path: copy, bytes: await readFile(copy) });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return found;
      throw error;
    }
  }
}

/** Takes away the copies that hold what the file holds. Rejects as backupsOf does. */
export async function dropBackups(path: string): Promise<void> {
  const bytes = await readFile(path);
  for (const copy of await backupsOf(path)) if (copy.bytes.equals(bytes)) await unlink(copy.path);
}

function backupOf(path: string, number: number): string {
  return `${path}.before-spillway${number === 1 ? '' : `.${number}`}`;
}

async function writeNew(path: string, bytes: Buffer, owner: Stats): Promise<void> {
  await rm(path, { force: true });
  await using file: FileHandle = await open(path, 'wx', 0o600);
  await file.writeFile(bytes);
  const now = await file.stat();
  if (now.uid !== owner.uid || now.gid !== owner.gid) await file.chown(owner.uid, owner.gid);
  await file.chmod(owner.mode & 0o7777);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
