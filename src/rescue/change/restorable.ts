/**
 * Whether the files of an archived entry may be put back: whole, and where the queue is.
 */
import { normalize, sep } from 'node:path';
import { errorText } from '../../mail/error-text.ts';
import { printable } from '../../mail/printable.ts';
import type { StoredFile } from '../../store/archive-store.ts';

/** What is wrong; null where they can be put back. `folders`: of the queue. */
export async function faultOfFiles(
  files: readonly StoredFile[],
  folders: readonly string[],
): Promise<string | null> {
  if (files.length === 0) return 'the receipt holds no files of it';
  for (const { path, mode, size, content } of files) {
    // A receipt is a file that may have been carried about.
    if (!folders.some((folder) => isInside(path, folder)))
      return `expected a file of the queue, found ${printable(path)}`;
    if (mode < 0 || mode > 0o777)
      return `expected the mode of a file of the queue, found ${mode.toString(8)} for ${printable(path)}`;
    try {
      let octets = 0;
      for await (const chunk of content()) octets += chunk.length;
      if (octets !== size) return `expected ${size} octets of ${printable(path)}, found ${octets}`;
    } catch (error) {
      return errorText(error);
    }
  }
  return null;
}

function isInside(path: string, folder: string): boolean {
  const base = folder.endsWith(sep) ? folder : `${folder}${sep}`;
  return path === normalize(path) && path.startsWith(base) && !path.includes('\0');
}
