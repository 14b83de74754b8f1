/**
 * Folders of a spool: whether they are there, and making those that Exim has removed since.
 */
import { chown, type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A link to one is none. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

/** With the owner and the mode of the folder it lies in. */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = await lstat(dirname(path));
  if (!above.isDirectory()) throw new Error(`expected a folder at ${dirname(path)}`);
  await mkdir(path, { mode: above.mode & 0o7777 });
  await chown(path, above.uid, above.gid);
}

export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | null = null;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } finally {
    await folder?.close();
  }
}
