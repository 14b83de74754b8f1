/**
 * Putting envelopes back into OpenSMTPD's queue.
 *
 * A message's folder is built aside and renamed into its place, so it is there whole or not at all. A
 * running server must be told of it, of the whole message at once: told of single envelopes it does not
 * count them, and leaves the message behind when they are done (queue_fs.c, evpcount). Where it still
 * has other envelopes of the message it hears of no more (scheduler.c asks for the message alone), and
 * would remove the folder with the last it knows. So those get a folder of their own: a copy of the
 * message under another name, which is always the same one.
 */
import { createHash } from 'node:crypto';
import { chown, mkdir, open, rename, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorText } from '../../mail/error-text.ts';
import { exists, syncFolder } from '../disk.ts';
import { fillFile } from '../fill-file.ts';
import type { ArchivedEntry, ArchivedFile, Restored } from '../mail-server.ts';
import { messageFolder } from './reader.ts';
import type { Smtpctl } from './smtpctl.ts';

/** Where things are, as they are called out here. */
export interface Layout {
  readonly spool: string;
  envelope(id: string): string;
}

export function layoutOf(spool: string): Layout {
  return {
    spool,
    envelope: (id) => join(messageFolder(join(spool, 'queue'), id.slice(0, 8)), id),
  };
}

export interface RestoreOptions {
  readonly smtpctl: Smtpctl;
  readonly layout: Layout;
  isRunning(): Promise<boolean>;
}

/** An entry with its two files. */
interface Parts {
  readonly entry: ArchivedEntry;
  readonly message: ArchivedFile;
  readonly envelope: ArchivedFile;
}

/** Envelopes that come into one folder. */
interface Group {
  readonly folder: string;
  /** Their new names; the old ones where they can have them. */
  readonly members: readonly { readonly id: string; readonly parts: Parts }[];
}

export async function restoreEntries(
  entries: readonly ArchivedEntry[],
  options: RestoreOptions,
): Promise<ReadonlyMap<string, Restored>> {
  const results = new Map<string, Restored>();
  const absent: Parts[] = [];
  for (const entry of entries) {
    const parts = partsOf(entry);
    if (!parts) results.set(entry.id, fault('expected a message and an envelope in the archive'));
    else if (await isPresent(entry.id, options.layout)) results.set(entry.id, { kind: 'present' });
    else absent.push(parts);
  }
  const groups = await groupsOf(absent, options);
  const placed: Group[] = [];
  for (const group of groups) {
    const problem = await place(group, options.layout).catch(errorText);
    if (problem === null) placed.push(group);
    for (const { id, parts } of group.members)
      results.set(parts.entry.id, problem === null ? { kind: 'restored', id } : fault(problem));
  }
  if (placed.length > 0 && (await options.isRunning()))
    for (const [id, problem] of await announce(placed, options)) results.set(id, fault(problem));
  return results;
}

function partsOf(entry: ArchivedEntry): Parts | null {
  if (!/^[0-9a-f]{16}$/.test(entry.id)) return null;
  const message = entry.files.find(({ path }) => basename(path) === 'message');
  const envelope = entry.files.find(({ path }) => basename(path) === entry.id);
  return message && envelope ? { entry, message, envelope } : null;
}

async function isPresent(id: string, { envelope }: Layout): Promise<boolean> {
  return (await exists(envelope(id))) || (await exists(envelope(otherName(id))));
}

/** The name that an envelope has in a folder of its own: its message's is made of the envelope's. */
function otherName(id: string): string {
  const message = createHash('sha1').update(`spillway ${id}`).digest('hex').slice(0, 8);
  return message + id.slice(8);
}

async function groupsOf(absent: readonly Parts[], { layout }: RestoreOptions): Promise<Group[]> {
  const groups: Group[] = [];
  for (const [folder, together] of Map.groupBy(absent, ({ entry }) =>
    dirname(layout.envelope(entry.id)),
  )) {
    if (!(await exists(folder))) {
      groups.push({ folder, members: together.map((parts) => ({ id: parts.entry.id, parts })) });
      continue;
    }
    for (const parts of together) {
      const id = otherName(parts.entry.id);
      groups.push({ folder: dirname(layout.envelope(id)), members: [{ id, parts }] });
    }
  }
  return groups;
}

/** Null: it stands in its place, on disk. Rejects where the disk fails. */
async function place({ folder, members }: Group, { spool }: Layout): Promise<string | null> {
  const first = members[0]?.parts;
  if (!first) return null;
  const { uid, gid } = first.envelope;
  // What is left there by a crash, the server clears away when it starts.
  const aside = join(spool, 'temporary', `spillway-${process.pid}-${basename(folder)}`);
  await rm(aside, { recursive: true, force: true });
  await makeFolder(aside, uid, gid);
  try {
    await write(join(aside, 'message'), first.message);
    for (const { id, parts } of members) await write(join(aside, id), parts.envelope);
    await syncFolder(aside);
    const bucket = dirname(folder);
    if (!(await exists(bucket))) await makeFolder(bucket, uid, gid);
    // A folder that came into being meanwhile is not empty, and stays.
    await rename(aside, folder);
    await syncFolder(bucket);
    await syncFolder(dirname(bucket));
    return null;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The server's own are 0700. */
async function makeFolder(path: string, uid: number, gid: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chown(path, uid, gid);
}

/**
 * With the time of now, not that of the archive: a server that is just reading its queue takes what is
 * older than its start by itself, and would fail over being told of it as well.
 */
async function write(path: string, { content, mode, uid, gid }: ArchivedFile): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await fillFile(file, { mode: mode & 0o777, uid, gid, modifiedAt: null }, content());
  } finally {
    await file.close();
  }
}

/** What was paused is paused again before anything is sent. By id: what the server does not take. */
async function announce(
  groups: readonly Group[],
  { smtpctl }: RestoreOptions,
): Promise<ReadonlyMap<string, string>> {
  const problems = new Map<string, string>();
  const held = groups.flatMap(({ members }) =>
    members.filter(({ parts }) => parts.entry.wasHeld).map(({ id }) => id),
  );
  const switched: ('mta' | 'mda')[] = [];
  if (held.length > 0)
    for (const what of ['mta', 'mda'] as const)
      if (await smtpctl.switch('pause', what)) switched.push(what);
  try {
    for (const { folder, members } of groups) {
      // One that was started just now must not find them by itself as well.
      for (const { id } of members) await utimes(join(folder, id), new Date(), new Date());
      const taken = await smtpctl.discover(basename(folder));
      if (taken === members.length) continue;
      // Not asked: it was stopped just now, and finds them when it starts.
      if (taken === null) continue;
      for (const { parts } of members) problems.set(parts.entry.id, notTaken);
    }
    await smtpctl.each('pause', held);
  } finally {
    for (const what of switched) await smtpctl.switch('resume', what);
  }
  return problems;
}

const notTaken =
  'its files are in the queue, but smtpd does not take it: its log says why; is its action still in smtpd.conf?';

function fault(problem: string): Restored {
  return { kind: 'fault', problem };
}
