/**
 * Making folders of a spool that Exim has removed since.
 */
import { chown, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFolder } from '../disk.ts';

/** With the owner and the mode of the folder it lies in. */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = await lstat(dirname(path));
  if (!above.isDirectory()) throw new Error(`expected a folder at ${dirname(path)}`);
  await mkdir(path, { mode: above.mode & 0o7777 });
  await chown(path, above.uid, above.gid);
}
