/**
 * Putting archived entries back into Exim's spool, as Exim itself puts messages there.
 *
 * Body, journal and log first, each written under another name, synced and linked; the -H file, which
 * makes it an entry, when all that is on disk. A link never replaces: whatever has the name stays. What
 * an interrupted run left behind is finished by the next.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMessageId } from '../../foreign/exim/message-id.ts';
import { parseSpoolHeader } from '../../foreign/exim/spool-header.ts';
import { withoutFrozen } from '../../foreign/exim/thaw.ts';
import { errorText } from '../../mail/error-text.ts';
import { isFolder, syncFolder } from '../disk.ts';
import { createFileTexts } from '../file-text.ts';
import type { ArchivedEntry, ArchivedFile, Restored } from '../mail-server.ts';
import { makeQueueFolder } from '../queue-files.ts';
import type { QueueReader } from '../reader.ts';
import { putFile } from './put-file.ts';
import { largestSpoolFile, placeOf, stemOf } from './spool-files.ts';

interface Plan {
  readonly id: string;
  /** Everything but the -H file, with where it goes. */
  readonly files: readonly { readonly file: ArchivedFile; readonly path: string }[];
  readonly header: {
    readonly file: ArchivedFile;
    readonly path: string;
    readonly archived: Buffer;
    /** What is to be written. */
    readonly bytes: Buffer;
  };
}

export async function restoreEntries(
  spool: string,
  reader: QueueReader,
  entries: readonly ArchivedEntry[],
): Promise<Map<string, Restored>> {
  const results = new Map<string, Restored>();
  const plans: Plan[] = [];
  const folders = new Set<string>();

  async function attempt(id: string, work: () => Promise<Restored | null>): Promise<void> {
    try {
      const result = await work();
      if (result) results.set(id, result);
    } catch (error) {
      const problem = errorText(error);
      results.set(id, { kind: 'fault', problem });
    }
  }

  for (const entry of entries)
    await attempt(entry.id, async () => {
      const there = isMessageId(entry.id) ? reader.find(entry.id) : null;
      if (there && existsSync(`${stemOf(there.path)}-D`)) return { kind: 'present' };
      const plan = await planOf(spool, entry);
      if (typeof plan === 'string') return { kind: 'fault', problem: plan };
      if (there && !(await takeRemainder(there.path, plan)))
        return { kind: 'fault', problem: `another file is in the way at ${there.path}` };
      for (const { file, path } of plan.files) {
        makeQueueFolder(dirname(path));
        if (!(await isFolder(dirname(path))))
          return { kind: 'fault', problem: `expected a folder at ${dirname(path)}` };
        folders.add(dirname(path));
        if ((await putFile(path, file, file.content(), true)) === 'taken')
          return { kind: 'fault', problem: `another file is in the way at ${path}` };
      }
      plans.push(plan);
      return null;
    });
  await Promise.all([...folders].map(syncFolder));
  for (const { id, header } of plans)
    await attempt(id, async () => {
      const put = await putFile(header.path, header.file, [header.bytes], false);
      return put === 'taken' ? { kind: 'present' } : { kind: 'restored', id };
    });
  await Promise.all([...new Set(plans.map(({ header }) => dirname(header.path)))].map(syncFolder));
  return results;
}

/** Text: why it cannot be put back. */
async function planOf(
  spool: string,
  { id, wasHeld, files }: ArchivedEntry,
): Promise<Plan | string> {
  if (!isMessageId(id)) return 'expected a message id of Exim';
  const header = files.find(({ path }) => basename(path) === `${id}-H`);
  const body = files.find(({ path }) => basename(path) === `${id}-D`);
  if (!header || !body) return `expected ${id}-H and ${id}-D among its files`;
  const was = placeOf(header.path);
  if (!was) return `expected a path with an input folder, found ${header.path}`;
  const queue = await queueFolderOf(spool, was.queueFolder);

  const bytes = await readWhole(header);
  if (!bytes) return `expected a -H file of at most ${largestSpoolFile} octets`;
  const parsed = parseSpoolHeader(bytes.toString('latin1'), id);
  if (parsed.kind === 'fault') return `${id}-H: ${parsed.problem}`;
  if (!(await startsWith(body, `${id}-D\n`))) return `${id}-D does not begin with its own name`;

  const placed = files.flatMap((file) => {
    const name = basename(file.path);
    if (name === `${id}-D` || name === `${id}-J`)
      return [{ file, path: join(queue, 'input', was.letter, name) }];
    return name === id ? [{ file, path: join(queue, 'msglog', was.letter, name) }] : [];
  });
  return {
    id,
    files: placed,
    header: {
      file: header,
      path: join(queue, 'input', was.letter, `${id}-H`),
      archived: bytes,
      // Frozen by us, to take it out: it goes back as it was.
      bytes: wasHeld ? bytes : withoutFrozen(bytes, parsed),
    },
  };
}

/** Exim removes the body first: killed then, it left this very -H file, which is no message any more. */
async function takeRemainder(path: string, { header }: Plan): Promise<boolean> {
  const found = createFileTexts().read(path, largestSpoolFile);
  if (found.kind !== 'text') return found.kind === 'absent';
  const known = [header.archived, header.bytes];
  if (!known.some((bytes) => bytes.toString('latin1') === found.text)) return false;
  await rm(path);
  return true;
}

/** The queue it was in. The spool may be elsewhere by now, or seen from another root. */
async function queueFolderOf(spool: string, was: string): Promise<string> {
  if (was === spool) return spool;
  const named = join(spool, basename(was));
  return (await isFolder(join(named, 'input'))) ? named : spool;
}

async function readWhole(file: ArchivedFile): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file.content()) {
    length += chunk.length;
    if (length > largestSpoolFile) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function startsWith(file: ArchivedFile, text: string): Promise<boolean> {
  let start = Buffer.alloc(0);
  for await (const chunk of file.content()) {
    start = Buffer.concat([start, chunk]);
    if (start.length >= text.length) break;
  }
  return start.toString('latin1', 0, text.length) === text;
}
