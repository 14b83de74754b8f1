/**
 * The entries of a batch on their way: found, looked at, and written down before anybody touches them.
 */
import type { QueueEntry } from '../../foreign/queue-entry.ts';
import type { AnnouncedEntry, ArchiveStore, StoredEntry } from '../../store/archive-store.ts';
import type { Receipt } from '../../verdict/verdict.ts';
import type { QueueHand } from '../mail-server.ts';
import { type EntryPlace, fingerprintOf, type QueueReader } from '../reader.ts';
import type { OutcomeCounter } from './outcome.ts';
import type { PlannedEntry } from './plan.ts';

/** What each batch is carried out with. */
export interface Work {
  readonly hand: QueueHand;
  readonly reader: QueueReader;
  readonly archive: ArchiveStore;
  readonly counter: OutcomeCounter;
  /** For the journal; resolves once they are on disk. */
  readonly record: (receipts: readonly Receipt[]) => Promise<void>;
  /** ms since 1970. */
  readonly now: () => number;
  readonly atOnce?: AbortSignal | undefined;
}

export interface Target {
  readonly planned: PlannedEntry;
  readonly place: EntryPlace;
  readonly stored: StoredEntry;
}

/** What a server is taken to say of an entry that it does not mention. */
export const notTold = { problem: 'the mail server did not say what became of it' } as const;

/** By id: the entries that are what they were. The others are counted. */
export function announce(
  work: Work,
  batch: readonly PlannedEntry[],
  state: 'seizing' | 'holding',
): ReadonlyMap<string, Target> {
  const { archive, reader, counter } = work;
  const found = batch.flatMap((planned) => {
    const place = reader.find(planned.id);
    if (!place) counter.add('gone');
    const entry = place && look(work, place, planned);
    return place && entry ? [{ planned, place, entry }] : [];
  });
  if (found.length === 0) return new Map();
  const causes = new Map(
    [...new Set(found.map(({ planned }) => planned.cause))].map((cause) => [
      cause,
      archive.putCause(cause),
    ]),
  );
  const rows = archive.announce(
    found.map(({ planned, entry }) =>
      announced(entry, planned.fingerprint, causes.get(planned.cause) ?? 0),
    ),
    state,
  );
  return new Map(
    found.flatMap(({ planned, place }, index) => {
      const stored = rows[index];
      return stored ? [[planned.id, { planned, place, stored }]] : [];
    }),
  );
}

function announced(entry: QueueEntry, fingerprint: number, cause: number): AnnouncedEntry {
  const { id, state, reversePath, recipients, arrivedAt, size } = entry;
  return {
    id,
    cause,
    wasHeld: state === 'held',
    reversePath,
    recipients: recipients.filter(({ isDone }) => !isDone).map(({ forwardPath }) => forwardPath),
    arrivedAt,
    size,
    fingerprint,
  };
}

/** Null, and counted, where it is not the entry that was judged any more. */
export function look(
  { reader, counter }: Pick<Work, 'reader' | 'counter'>,
  place: EntryPlace,
  { id, fingerprint }: PlannedEntry,
): QueueEntry | null {
  const read = reader.read(place);
  if (read.kind === 'entry' && fingerprintOf(read.entry) === fingerprint) return read.entry;
  if (read.kind === 'unreadable') counter.problem(id, read.problem);
  else counter.add(read.kind === 'entry' ? 'changed' : 'gone');
  return null;
}

/** To be called once the server has them again: until then somebody has to know of them. */
export function writeLetGo({ archive }: Work, targets: Iterable<Target>): void {
  const changes = [...targets].map(
    ({ stored: { number } }) =>
      ({ number, state: archive.filesOf(number).length > 0 ? 'left' : 'forgotten' }) as const,
  );
  if (changes.length > 0) archive.settle(changes);
}
