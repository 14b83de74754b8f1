/**
 * The folders of sendmail's queues and what lies where in them.
 *
 * Operation Guide §2.3: several queue folders by wildcard or queue group, each with or without qf, df
 * and xf folders of its own inside.
 */
import { lstatSync, opendirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { QueueFolderError } from '../reader.ts';

export interface QueueFolder {
  readonly path: string;
  /** Where control files lie: the folder itself, or `qf` in it; the others alike. */
  readonly qf: string;
  readonly df: string;
  readonly xf: string;
}

/** Throws QueueFolderError where one cannot be looked into. */
export function openFolders(paths: readonly string[]): readonly QueueFolder[] {
  return paths.map((given) => {
    const path = resolve(given);
    try {
      if (!statSync(path).isDirectory()) throw new Error('it is no folder');
      const inside = (name: string) =>
        lstatSync(join(path, name), { throwIfNoEntry: false })?.isDirectory()
          ? join(path, name)
          : path;
      return { path, qf: inside('qf'), df: inside('df'), xf: inside('xf') };
    } catch (error) {
      throw new QueueFolderError(path, error);
    }
  });
}

/**
 * The queue folders in a folder that an admin names, such as a copy: itself, or, where no control file
 * lies there, those inside that look like some. What cannot be looked into is left to the reader.
 */
export function queueFoldersUnder(path: string): readonly string[] {
  if (looksLikeQueue(path)) return [path];
  const inside = foldersIn(path)
    .filter((name) => !['df', 'xf'].includes(name))
    .map((name) => join(path, name))
    .filter(looksLikeQueue);
  return inside.length > 0 ? inside.toSorted() : [path];
}

function looksLikeQueue(path: string): boolean {
  try {
    return readdirSync(path).some((name) => /^[qhQ]f([A-Za-z0-9]{5,30})?$/.test(name));
  } catch {
    return false;
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    const files = readdirSync(path, { withFileTypes: true });
    return files.filter((file) => file.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Some at a time: a flat queue has hundreds of thousands. Throws QueueFolderError. */
export function* namesIn(folder: string): Generator<string> {
  try {
    using entries = opendirSync(folder, { bufferSize: 1024 });
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) yield entry.name;
  } catch (error) {
    throw new QueueFolderError(folder, error);
  }
}

/**
 * The folder that a d line names, which is relative to the parent of all of them; never any other than
 * the ones given. Null: none of ours is called so.
 */
export function folderNamed(
  folders: readonly QueueFolder[],
  name: string,
  near: QueueFolder,
): QueueFolder | null {
  if (name === '') return null;
  const parents = [near.path, dirname(near.path), dirname(dirname(near.path))];
  for (const parent of parents)
    for (const folder of folders) if (folder.path === join(parent, name)) return folder;
  // In a copy the folders may stand apart from each other.
  const alike = folders.filter(({ path }) => basename(path) === name);
  return alike.length === 1 ? (alike[0] ?? null) : null;
}
