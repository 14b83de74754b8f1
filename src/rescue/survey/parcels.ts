/**
 * The entries of a queue on their way to the threads that read them: listed once, by one of them, and
 * handed out to whoever has nothing to do.
 *
 * Paths in one folder are alike but for the ids, so a parcel is four texts, which cross to another thread
 * as fast as one, and all of a large queue take a few megabytes. Where each entry has a folder of its own,
 * there are as many folders in one of the texts.
 */
import type { EntryPlace, Listed, Unreadable } from '../reader.ts';

export interface Parcel {
  /** What all paths begin with. */
  readonly root: string;
  /** What stands in each path between that and the id: one for all, or one for each, divided by NUL. */
  readonly folders: string;
  /** Divided by slashes, which no name of a file holds. */
  readonly ids: string;
  /** What stands in each path behind the id. */
  readonly after: string;
  readonly isAlone: boolean | undefined;
}

/** Of one parcel: some ten milliseconds of reading, so that all threads end together. */
const mostEntries = 256;

interface OpenParcel {
  readonly befores: string[];
  readonly ids: string[];
  readonly after: string;
  readonly isAlone: boolean | undefined;
}

/**
 * An entry that was listed before, by its id, is left out: its server has moved it meanwhile. `note` takes
 * what is no entry.
 */
export function* packPlaces(
  listed: Iterable<Listed>,
  note: (unreadable: Unreadable) => void,
): Generator<{ readonly parcel: Parcel; readonly count: number }> {
  const known = new Set<string>();
  let open: OpenParcel = { befores: [], ids: [], after: '', isAlone: undefined };
  for (const one of listed) {
    if (one.kind === 'unreadable') {
      note(one);
      continue;
    }
    const { id, path, isAlone } = one.place;
    if (known.has(id)) continue;
    known.add(id);
    const at = path.lastIndexOf(id);
    const isLike =
      path.length - at - id.length === open.after.length &&
      path.endsWith(open.after) &&
      isAlone === open.isAlone;
    if (!isLike || open.ids.length >= mostEntries) {
      if (open.ids.length > 0) yield close(open);
      open = { befores: [], ids: [], after: path.slice(at + id.length), isAlone };
    }
    open.befores.push(path.slice(0, at));
    open.ids.push(id);
  }
  if (open.ids.length > 0) yield close(open);
}

function close({ befores, ids, after, isAlone }: OpenParcel) {
  const root = commonStart(befores);
  const folders = befores.map((before) => before.slice(root.length));
  const isOne = folders.every((folder) => folder === '');
  const parcel = {
    root,
    folders: isOne ? '' : folders.join('\0'),
    ids: ids.join('/'),
    after,
    isAlone,
  };
  return { parcel, count: ids.length };
}

function commonStart(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = first.length;
  for (const text of texts)
    while (!text.startsWith(first.slice(0, length)))
      length = Math.max(0, first.lastIndexOf('/', length - 1));
  return first.slice(0, length);
}

export function* placesIn(parcel: Parcel): Generator<EntryPlace> {
  const { root, after, isAlone } = parcel;
  const folders = parcel.folders === '' ? [] : parcel.folders.split('\0');
  for (const [i, id] of parcel.ids.split('/').entries()) {
    const path = `${root}${folders[i] ?? ''}${id}${after}`;
    yield isAlone === undefined ? { id, path } : { id, path, isAlone };
  }
}

/** Resolves to null once there are no more. */
export type TakeParcel = () => Promise<Parcel | null>;

export interface ParcelDesk {
  readonly take: TakeParcel;
  /** How many entries there are; null until all are listed. */
  readonly total: number | null;
  /** Lists all of them while others have their turn. Rejects as the listing throws, and with the signal's reason. */
  fill(signal: AbortSignal): Promise<void>;
}

/** ms of listing between two turns of others. */
const turn = 10;

export function createParcelDesk(
  listed: Iterable<Listed>,
  note: (unreadable: Unreadable) => void,
): ParcelDesk {
  const ready: Parcel[] = [];
  const waiting: ((parcel: Parcel | null) => void)[] = [];
  let count = 0;
  let isComplete = false;

  return {
    take() {
      const parcel = ready.shift();
      if (parcel || isComplete) return Promise.resolve(parcel ?? null);
      return new Promise((resolve) => waiting.push(resolve));
    },
    get total() {
      return isComplete ? count : null;
    },
    async fill(signal) {
      let turnAt = performance.now();
      for (const packed of packPlaces(listed, note)) {
        count += packed.count;
        const taker = waiting.shift();
        if (taker) taker(packed.parcel);
        else ready.push(packed.parcel);
        if (performance.now() - turnAt < turn) continue;
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        turnAt = performance.now();
      }
      isComplete = true;
      for (const taker of waiting.splice(0)) taker(null);
    },
  };
}
