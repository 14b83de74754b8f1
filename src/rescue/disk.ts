/**
 * What every queue's folders and files are asked, whichever server they belong to: whether something is
 * there, how it is opened so that nobody leads us elsewhere, and that it is on disk.
 */
import { constants, lstatSync } from 'node:fs';
import { lstat, open } from 'node:fs/promises';

/** For opening: no link is followed, and nothing waits for the writer of a pipe. */
export const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A link counts, wherever it leads. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The same, without waiting for the disk. */
export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** A link to one is none. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

/** What was named, renamed or removed in it is on disk when it resolves. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
