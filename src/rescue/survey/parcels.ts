/**
 * The entries of a queue on their way to the threads that read them: listed once, by one of them, and
 * handed out to whoever has nothing to do.
 *
 * Paths in one folder are alike but for the ids, so a parcel is three texts, which cross to another thread
 * as fast as one, and all of a large queue take a few megabytes.
 */
import type { EntryPlace, Listed, Unreadable } from '../reader.ts';

export interface Parcel {
  /** What stands in each path before and behind the id. */
  readonly before: string;
  readonly after: string;
  /** Divided by slashes, which no name of a file holds. */
  readonly ids: string;
  readonly isAlone: boolean | undefined;
}

/** Of one parcel: some ten milliseconds of reading, so that all threads end together. */
const mostEntries = 256;

/**
 * An entry that was listed before, by its id, is left out: its server has moved it meanwhile. `note` takes
 * what is no entry.
 */
export function* packPlaces(
  listed: Iterable<Listed>,
  note: (unreadable: Unreadable) => void,
): Generator<{ readonly parcel: Parcel; readonly count: number }> {
  const known = new Set<string>();
  let open: Omit<Parcel, 'ids'> & { readonly ids: string[] } = newParcel('', '', undefined);
  const close = ({ ids, ...rest }: typeof open) => ({
    parcel: { ...rest, ids: ids.join('/') },
    count: ids.length,
  });
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
      at === open.before.length &&
      path.length - at - id.length === open.after.length &&
      path.startsWith(open.before) &&
      path.endsWith(open.after) &&
      isAlone === open.isAlone;
    if (!isLike || open.ids.length >= mostEntries) {
      if (open.ids.length > 0) yield close(open);
      open = newParcel(path.slice(0, at), path.slice(at + id.length), isAlone);
    }
    open.ids.push(id);
  }
  if (open.ids.length > 0) yield close(open);
}

function newParcel(before: string, after: string, isAlone: boolean | undefined) {
  return { before, after, isAlone, ids: [] };
}

export function* placesIn({ before, after, ids, isAlone }: Parcel): Generator<EntryPlace> {
  for (const id of ids.split('/')) {
    const path = before + id + after;
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
