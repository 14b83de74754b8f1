/**
 * Where the files of an entry lie in Exim's spool.
 *
 * Specification, chapters "Format of spool files" and "Queues": `input/ID-H`, with split_spool_directory
 * `input/x/ID-H`, in a named queue `QUEUE/input/...`, and `msglog/` beside each `input/`. Exim itself looks
 * in both layouts, whichever is set, as a queue keeps what it was in when that was changed.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { splitFolder } from '../../foreign/exim/message-id.ts';
import { QueueFolderError } from '../reader.ts';

/** Octets of the largest -H or -J file that is read; Exim takes headers of 1 MB if not told otherwise. */
export const largestSpoolFile = 64 * 1024 * 1024;

export interface SpoolPlace {
  /** The folder that holds input/ and msglog/: the spool, or a named queue inside of it. */
  readonly queueFolder: string;
  /** '' or the letter of a split spool. */
  readonly letter: string;
}

/** Of a -H, -D or -J file by its path; null where that is none of an `input` folder. */
export function placeOf(path: string): SpoolPlace | null {
  const folder = dirname(path);
  if (basename(folder) === 'input') return { queueFolder: dirname(folder), letter: '' };
  const input = dirname(folder);
  const letter = basename(folder);
  return basename(input) === 'input' && letter.length === 1
    ? { queueFolder: dirname(input), letter }
    : null;
}

/** Path of a -H file without its ending. */
export function stemOf(headerPath: string): string {
  return headerPath.slice(0, -2);
}

/** Where the two layouts have an entry's -H file. */
export function headerPaths(queueFolder: string, id: string): readonly string[] {
  return [
    join(queueFolder, 'input', splitFolder(id), `${id}-H`),
    join(queueFolder, 'input', `${id}-H`),
  ];
}

const noQueues = new Set(['input', 'msglog', 'msglog.OLD', 'db', 'log', 'scan', 'lost+found']);

/**
 * The spool itself, then its named queues. Throws QueueFolderError.
 */
export function queueFolders(spool: string): readonly string[] {
  try {
    const named = readdirSync(spool, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !noQueues.has(entry.name))
      .map(({ name }) => join(spool, name))
      .filter(hasInput);
    return [spool, ...named];
  } catch (cause) {
    throw new QueueFolderError(spool, cause);
  }
}

function hasInput(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).some(
      (entry) => entry.name === 'input' && entry.isDirectory(),
    );
  } catch {
    return false;
  }
}
