/**
 * Maps in files: read at the start, and again when they have changed.
 *
 * Whoever asks has the files looked at, at most once a second: nothing tells reliably of a change on
 * every file system. A file is read again when it has rested for a second, so that half of a new one is
 * not taken for all of it. One that cannot be read any more keeps what it held.
 */
import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { printable } from '../mail/printable.ts';
import type { MapSource } from './hosted-domain.ts';
import {
  type LoadedMap,
  MapFormatError,
  type MapLoad,
  type MapNames,
  startMapLoad,
} from './map-load.ts';

export interface MapFiles {
  /** Its names as they are now. Throws MapReadError where it cannot be read for the first time. */
  open(source: MapSource): () => MapNames;
  /** Whether the files were looked at within the last second, so that looking again is no use. */
  isFresh(): boolean;
  /** Looks at all files and reads those that have changed. Never rejects. */
  look(): Promise<void>;
}

export interface MapFilesOptions {
  /** ms since 1970, the clock of the file system. */
  readonly now: () => number;
  /** Told of what an admin should know, once for each change of a file. */
  readonly warn: (message: string) => void;
}

export class MapReadError extends Error {
  readonly code = 'MAP_READ';

  constructor(path: string, cause: unknown) {
    super(`Cannot read the map ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

interface MapFile {
  readonly source: MapSource;
  names: MapNames;
  /** Of the file as it was read... */
  version: string;
  /** ...and as it was last seen. */
  seen: string;
  /** Why it could not be read the last time. */
  trouble: string | null;
}

const pieceLength = 64 * 1024;
const sizeLimit = 1024 * 1024 * 1024;
const lookEvery = 1000;

export function createMapFiles({ now, warn }: MapFilesOptions): MapFiles {
  const files = new Map<string, MapFile>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;

  function open(source: MapSource): () => MapNames {
    const key = `${source.kind} ${source.path}`;
    const file = files.get(key) ?? openFirst(source);
    files.set(key, file);
    return () => file.names;
  }

  function openFirst(source: MapSource): MapFile {
    const { version, loaded } = readNow(source);
    tell(source, loaded);
    return { source, names: loaded, version, seen: version, trouble: null };
  }

  function tell({ path }: MapSource, { remarks, remarkCount }: LoadedMap): void {
    for (const remark of remarks) warn(printable(`${path}, ${remark}`));
    const more = remarkCount - remarks.length;
    if (more > 0) warn(`${path}: ${more} more lines like these`);
  }

  async function lookAt(file: MapFile): Promise<void> {
    const { path } = file.source;
    try {
      const found = await stat(path, { bigint: true });
      const version = versionOf(found);
      const isResting = version === file.seen || now() - Number(found.mtimeMs) >= lookEvery;
      file.seen = version;
      if (version !== file.version && isResting) await readAgain(file, version);
      if (version === file.version) file.trouble = null;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== file.trouble)
        warn(printable(`${path} cannot be read any more, what it held is kept: ${trouble}`));
      file.trouble = trouble;
    }
  }

  async function readAgain(file: MapFile, version: string): Promise<void> {
    const loaded = await readSlowly(file.source);
    file.version = version;
    file.names = loaded;
    tell(file.source, loaded);
  }

  return {
    open,
    isFresh: () => files.size === 0 || now() - lookedAt < lookEvery,
    look() {
      looking ??= Promise.all([...files.values()].map(lookAt)).then(() => {
        lookedAt = now();
        looking = null;
      });
      return looking;
    },
  };
}

function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** At the start nobody waits yet. */
function readNow(source: MapSource): { version: string; loaded: LoadedMap } {
  let file: number | null = null;
  try {
    file = openSync(source.path, 'r');
    const version = versionOf(fstatSync(file, { bigint: true }));
    const load = startMapLoad(source.kind);
    const piece = Buffer.allocUnsafe(pieceLength);
    let size = 0;
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
      size += length;
      take(load, piece.subarray(0, length), size);
    }
    const finishing = load.finish();
    for (;;) {
      const step = finishing.next();
      if (step.done) return { version, loaded: step.value };
    }
  } catch (error) {
    throw new MapReadError(source.path, error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** In small pieces, between which everybody else has a turn. */
async function readSlowly(source: MapSource): Promise<LoadedMap> {
  await using file = await open(source.path, 'r');
  const load = startMapLoad(source.kind);
  const piece = Buffer.allocUnsafe(pieceLength);
  let size = 0;
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, pieceLength, null);
    if (bytesRead === 0) break;
    size += bytesRead;
    take(load, piece.subarray(0, bytesRead), size);
  }
  const finishing = load.finish();
  for (;;) {
    const step = finishing.next();
    if (step.done) return step.value;
    await nextTurn();
  }
}

function take(load: MapLoad, piece: Uint8Array, size: number): void {
  if (size > sizeLimit) throw new MapFormatError(`more than ${sizeLimit} octets`);
  load.write(piece);
}
