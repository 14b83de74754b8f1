/**
 * Puts an archived message back into sendmail's queue: the body first, what makes it an entry last.
 */
import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withInode } from '../../foreign/sendmail/queue-edit.ts';
import { errorText } from '../../mail/error-text.ts';
import type { ArchivedEntry, ArchivedFile, Missed, Restored } from '../mail-server.ts';
import type { QueueReader } from '../reader.ts';
import { openFolders } from './folders.ts';
import type { Locks } from './locks.ts';
import { placeNew, writeNew } from './new-file.ts';

const largestControlFile = 16 * 1024 * 1024;

/** Never rejects. */
export async function restoreEntry(
  locks: Locks,
  reader: QueueReader,
  folders: readonly string[],
  entry: ArchivedEntry,
): Promise<Restored> {
  try {
    return await restore(locks, reader, folders, entry);
  } catch (error) {
    return fault(errorText(error));
  }
}

async function restore(
  locks: Locks,
  reader: QueueReader,
  folders: readonly string[],
  { id, files }: ArchivedEntry,
): Promise<Restored> {
  if (!/^[A-Za-z0-9]{5,30}$/.test(id)) return fault('its id is none of sendmail');
  const places = new Set(openFolders(folders).flatMap(({ qf, df }) => [`q ${qf}`, `d ${df}`]));
  const isOurs = ({ path }: ArchivedFile, letters: string, kind: string) =>
    letters.includes(basename(path).slice(0, 1)) &&
    basename(path).slice(1) === `f${id}` &&
    places.has(`${kind} ${dirname(path)}`);
  const body = files.find((file) => isOurs(file, 'd', 'd'));
  const control = files.find((file) => isOurs(file, 'qh', 'q'));
  if (!control) return fault('its control file does not belong into a queue folder of this server');
  if (!body) return fault('its body does not belong into a queue folder of this server');
  if (reader.find(id) !== null) return { kind: 'present' };

  const there = await lstat(body.path).catch(() => null);
  // Of the same size: an attempt to restore that was killed had come so far.
  if (there && (!there.isFile() || there.size !== body.size))
    return fault(`${body.path} is there, and is not its body`);
  const bodyAt = join(dirname(body.path), `tf${id}`);
  const written = await writeNew(locks, bodyAt, body, body.content());
  if (written === 'busy' || written === 'gone' || 'problem' in written) return faultOf(written);
  const misplaced = await placeNew(written.lock, body.path);
  if (misplaced !== null) return faultOf(misplaced);

  if (control.size > largestControlFile) return fault('its control file is too large');
  const chunks: Uint8Array[] = [];
  for await (const chunk of control.content()) chunks.push(chunk);
  const content = withInode(Buffer.concat(chunks), written.inode);
  const controlAt = join(dirname(control.path), `tf${id}`);
  const made = await writeNew(locks, controlAt, control, [content]);
  if (made === 'busy' || made === 'gone' || 'problem' in made) return faultOf(made);
  if (await stat(control.path).catch(() => null)) {
    await made.lock.remove([]);
    return { kind: 'present' };
  }
  const unplaced = await placeNew(made.lock, control.path);
  return unplaced === null ? { kind: 'restored', id } : faultOf(unplaced);
}

function faultOf(missed: Missed): Restored {
  return fault(typeof missed === 'object' ? missed.problem : 'somebody else writes there');
}

function fault(problem: string): Restored {
  return { kind: 'fault', problem };
}
