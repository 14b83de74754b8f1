/**
 * Writes a queue of many letters into the folder of a server: fill.ts MTA FOLDER ENTRIES [SEED].
 *
 * As fast as one thread can, and nothing is synced. The server itself should be told of nothing meanwhile.
 */
import {
  closeSync,
  fchownSync,
  futimesSync,
  mkdirSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mta, mtas } from '../../src/foreign/queue-entry.ts';
import { letterOf } from './letter.ts';
import { type Maker, makers } from './queue-file.ts';

export interface Fill {
  readonly mta: Mta;
  /** The queue folder of the server, which exists. */
  readonly folder: string;
  /** As the server's own tools count them: of OpenSMTPD envelopes, else messages. */
  readonly entries: number;
  /** Default `rescue`. */
  readonly seed?: string;
  /** When the first one came, ms since 1970. */
  readonly from?: number;
  /** Default that of the server; for Exim, with split folders. */
  readonly maker?: Maker;
}

export interface Filled {
  readonly letters: number;
  readonly files: number;
  /** Octets of all files. */
  readonly bytes: number;
}

/** The night of the flood. */
export const floodBegin = Date.UTC(2026, 8, 5, 3, 12);

export function fillQueue({ mta, folder, entries, ...options }: Fill): Filled {
  const { seed = 'rescue', from = floodBegin, maker = makers[mta] } = options;
  const owner = ownerOf(mta, folder);
  // Sendmail trusts only what its own user wrote, and queues as root.
  const uid = mta === 'sendmail' ? 0 : owner.uid;
  const known = new Set<string>();
  for (const name of emptyFolders[mta]) makeFolder(join(folder, name), folder, known, owner);
  let left = entries;
  let letters = 0;
  let files = 0;
  let bytes = 0;
  for (; left > 0; letters++) {
    const letter = letterOf({ seed, from }, letters);
    const recipients = letter.recipients.slice(0, mta === 'opensmtpd' ? left : undefined);
    left -= mta === 'opensmtpd' ? recipients.length : 1;
    for (const file of maker({ ...letter, recipients })) {
      const path = join(folder, file.path);
      makeFolder(dirname(path), folder, known, owner);
      const fd = openSync(path, 'wx', file.mode);
      writeSync(fd, file.content);
      fchownSync(fd, uid, owner.gid);
      if (file.modifiedAt !== undefined) {
        const seconds = file.modifiedAt / 1000;
        futimesSync(fd, seconds, seconds);
      }
      closeSync(fd);
      files++;
      bytes += file.content.length;
    }
  }
  return { letters, files, bytes };
}

/** What the server makes before it has any entry. */
const emptyFolders: { readonly [mta in Mta]: readonly string[] } = {
  sendmail: [],
  postfix: ['maildrop', 'incoming', 'active', 'deferred', 'hold', 'corrupt', 'defer'],
  exim: ['input', 'msglog'],
  opensmtpd: ['queue', 'incoming', 'purge', 'temporary'],
};

/** Who owns its entries: where the server has begun to use its folder, another one than the folder's. */
function ownerOf(mta: Mta, folder: string): { readonly uid: number; readonly gid: number } {
  const inner = { sendmail: '.', postfix: 'deferred', exim: '.', opensmtpd: 'queue' }[mta];
  return statSync(join(folder, inner), { throwIfNoEntry: false }) ?? statSync(folder);
}

function makeFolder(
  path: string,
  top: string,
  known: Set<string>,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): void {
  if (known.has(path) || path.length <= top.length) return;
  known.add(path);
  makeFolder(dirname(path), top, known, { uid, gid });
  try {
    mkdirSync(path, 0o700);
  } catch {
    return; // It is there already.
  }
  const fd = openSync(path, 'r');
  fchownSync(fd, uid, gid);
  closeSync(fd);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [mta, folder = '.', entries = '1000', seed = 'rescue'] = process.argv.slice(2);
  const known = mtas.find((name) => name === mta);
  if (!known) throw new Error(`MTA is one of ${mtas.join(', ')}`);
  const begin = performance.now();
  const filled = fillQueue({ mta: known, folder, entries: Number(entries), seed });
  console.log({ ...filled, seconds: (performance.now() - begin) / 1000 });
}
