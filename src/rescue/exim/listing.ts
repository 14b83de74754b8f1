/**
 * What Exim's input folders hold, by names alone.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMessageId } from '../../foreign/exim/message-id.ts';
import { errorCode } from '../../mail/error-code.ts';
import { QueueFolderError, type Unreadable } from '../reader.ts';
import { queueFolders } from './spool-files.ts';

export interface ListedFolder {
  readonly folder: string;
  readonly ids: readonly string[];
  /** Ids that have a -J file. */
  readonly journals: ReadonlySet<string>;
  readonly strangers: readonly Unreadable[];
}

/** The flat folder of each queue before those of its split spool. Throws QueueFolderError. */
export function* listSpool(spool: string): Generator<ListedFolder> {
  for (const queueFolder of queueFolders(spool)) {
    const input = join(queueFolder, 'input');
    const { letters, ...flat } = listFolder(input, true);
    yield flat;
    for (const letter of letters) {
      const { letters: _, ...split } = listFolder(join(input, letter), false);
      yield split;
    }
  }
}

function listFolder(
  folder: string,
  isTop: boolean,
): ListedFolder & { readonly letters: readonly string[] } {
  const ids: string[] = [];
  const journals = new Set<string>();
  const letters: string[] = [];
  const strangers: Unreadable[] = [];
  for (const name of namesIn(folder, isTop)) {
    const id = name.slice(0, -2);
    const isOurs = isMessageId(id);
    if (isOurs && name.endsWith('-H')) ids.push(id);
    else if (isOurs && name.endsWith('-J')) journals.add(id);
    // A body without a header is a message that is coming in, or going.
    else if (isOurs && name.endsWith('-D')) continue;
    else if (isTop && /^[0-9A-Za-z]$/.test(name)) letters.push(name);
    else if (!isTemporary(name))
      strangers.push({
        path: join(folder, name),
        problem: 'expected a message id with -H, -D or -J, found another name',
      });
  }
  return { folder, ids, journals, letters, strangers };
}

function namesIn(folder: string, isTop: boolean): readonly string[] {
  try {
    if (!lstatSync(folder).isDirectory()) throw new Error('expected a folder');
    return readdirSync(folder);
  } catch (cause) {
    // Exim removes split folders that are empty.
    if (!isTop && errorCode(cause) === 'ENOENT') return [];
    throw new QueueFolderError(folder, cause);
  }
}

/** Names that a file has while Exim, or a rescue that puts an entry back, writes it. */
function isTemporary(name: string): boolean {
  if (name.startsWith('.spillway-')) return true;
  return name.startsWith('hdr.') || /^[0-9A-Za-z-]{16,23}-K$/.test(name) || name.endsWith('.eml');
}
