/**
 * Files that are replaced whole or not at all, with a copy of what was there before.
 */
import { type FileHandle, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export class ReplaceFileError extends Error {
  readonly code = 'REPLACE_FILE';
  constructor(path: string, cause: unknown) {
    super(`cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Owner and mode stay; survives a power cut once resolved. Throws ReplaceFileError. */
export async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  const temporary = await writeBeside(path, bytes);
  try {
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ReplaceFileError(path, error);
  }
}

/** A new file with the owner and mode of the old one; resolves to its path. Throws ReplaceFileError. */
export async function writeBeside(path: string, bytes: Buffer): Promise<string> {
  const temporary = `${path}.spillway-new`;
  try {
    const { uid, gid, mode } = await stat(path);
    await writeNew(temporary, bytes, { uid, gid, mode });
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ReplaceFileError(path, error);
  }
}

/**
 * A copy beside the file, `FILE.before-spillway`; an older one of other content is kept under a name
 * with a number. Resolves to its path. Throws ReplaceFileError.
 */
export async function backUp(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const { uid, gid, mode } = await stat(path);
    for (let number = 1; ; number++) {
      const copy = backupOf(path, number);
      const there = await readFile(copy).catch(() => null);
      if (there?.equals(bytes)) return copy;
      if (there) continue;
      await writeNew(copy, bytes, { uid, gid, mode });
      await syncFolder(dirname(path));
      return copy;
    }
  } catch (error) {
    throw new ReplaceFileError(path, error);
  }
}

/** The copies beside the file, oldest first, with what they hold. */
export async function backupsOf(path: string): Promise<{ path: string; bytes: Buffer }[]> {
  const found: { path: string; bytes: Buffer }[] = [];
  for (let number = 1; ; number++) {
    const copy = backupOf(path, number);
    const bytes = await readFile(copy).catch(() => null);
    if (!bytes) return found;
    found.push({ path: copy, bytes });
  }
}

/** Takes away the copies that hold what the file holds. */
export async function dropBackups(path: string): Promise<void> {
  const bytes = await readFile(path);
  for (const copy of await backupsOf(path)) if (copy.bytes.equals(bytes)) await unlink(copy.path);
}

function backupOf(path: string, number: number): string {
  return `${path}.before-spillway${number === 1 ? '' : `.${number}`}`;
}

async function writeNew(
  path: string,
  bytes: Buffer,
  owner: { uid: number; gid: number; mode: number },
): Promise<void> {
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
