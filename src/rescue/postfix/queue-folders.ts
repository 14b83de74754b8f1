/**
 * The folders of a Postfix queue: files of a message lie in one of them, or deeper in folders with names
 * of one character, whatever `hash_queue_names` said when they were put there.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { type MessageQueue, messageQueues } from '../../foreign/postfix/entry.ts';
import { foldersOfId, isQueueId, isTemporaryName } from '../../foreign/postfix/queue-id.ts';
import { errorCode } from '../../mail/error-code.ts';
import { QueueFolderError, type Unreadable } from '../reader.ts';

/** Postfix's own limit is the length of a name; nobody uses more than two. */
const deepest = 16;

export type FoundFile = { readonly id: string; readonly path: string };

/** Files in `folder` and below, in no order; what does not belong there goes to `odd`. */
export function* walkQueue(
  folder: string,
  odd: (unreadable: Unreadable) => void,
  depth = 0,
): Generator<FoundFile> {
  const names = namesIn(folder, depth > 0);
  for (const entry of names) {
    const { name } = entry;
    const path = join(folder, name);
    if (entry.isDirectory()) {
      // As Postfix's own scan does: a name of one character leads deeper.
      if (name.length === 1 && depth < deepest) yield* walkQueue(path, odd, depth + 1);
      else odd({ path, problem: 'expected a queue file, found a folder' });
    } else if (isQueueId(name)) yield { id: name, path };
    else if (!isTemporaryName(name))
      odd({ path, problem: 'expected the name of a queue file: letters and digits alone' });
  }
}

/** Where the file of a message is in one of the folders; null: in none of them. */
export function findIn(root: string, queues: readonly string[], id: string): string | null {
  if (!isQueueId(id)) return null;
  for (const queue of queues) {
    let folder = join(root, queue);
    for (const name of ['', ...foldersOfId(id, deepest)]) {
      folder = join(folder, name);
      const path = join(folder, id);
      if (statOf(path)?.isFile()) return path;
      if (!statOf(folder)?.isDirectory()) break;
    }
  }
  return null;
}

/** Of a file in the queue whose folder is `root`; null: it is not in a folder of messages. */
export function queueOf(root: string, path: string): MessageQueue | null {
  const begin = root.length + 1;
  if (!path.startsWith(root) || path[begin - 1] !== '/') return null;
  return messageQueues.find((queue) => path.startsWith(`${queue}/`, begin)) ?? null;
}

/** Never follows a link. */
export function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function namesIn(folder: string, mayBeGone: boolean): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // Folders of one letter come and go.
    if (mayBeGone && errorCode(error) === 'ENOENT') return [];
    throw new QueueFolderError(folder, error);
  }
}
