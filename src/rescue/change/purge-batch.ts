/**
 * Removes entries: written down, seized, looked at once more, archived, removed by the server's means.
 */
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import type { NewFile, StateChange } from '../../store/archive-store.ts';
import type { Seizure } from '../mail-server.ts';
import type { EntryPlace, QueueReader } from '../reader.ts';
import { EntryChangedError, openEntryFiles } from './entry-files.ts';
import type { PlannedEntry } from './plan.ts';
import { purgeReceipts } from './purge-receipts.ts';
import { announce, look, notTold, type Target, type Work, writeLetGo } from './targets.ts';

/** Entries archived between two looks at the signals. */
const stride = 16;

export async function purgeBatch(work: Work, batch: readonly PlannedEntry[]): Promise<void> {
  const targets = announce(work, batch, 'seizing');
  if (targets.size === 0) return;
  const pending = new Map(targets);
  {
    await using seizure = await work.hand.seize([...targets.values()].map(({ place }) => place));
    for (const [id, missed] of seizure.missed) work.counter.missed(id, missed);
    const archived = await archiveSeized(work, targets, seizure);
    if (!work.atOnce?.aborted)
      for (const { planned } of await remove(work, archived, seizure)) pending.delete(planned.id);
  }
  writeLetGo(work, pending.values());
}

/** Resolves to those that are in the queue no more. */
async function remove(
  { archive, counter, record, now }: Work,
  archived: readonly Target[],
  seizure: Seizure,
): Promise<readonly Target[]> {
  if (archived.length === 0) return [];
  const results = await seizure.remove(archived.map(({ planned }) => planned.id));
  const removed: Target[] = [];
  const vanished: Target[] = [];
  for (const target of archived) {
    const { id } = target.planned;
    const result = results.get(id) ?? notTold;
    if (result === 'removed') removed.push(target);
    else counter.missed(id, result);
    // Nobody else should have had it: rather put back twice by an undo than not at all.
    if (result === 'gone') vanished.push(target);
  }
  counter.add('removed', removed.length);
  // Before its state is written: a run that dies in between has it told twice rather than never.
  if (removed.length > 0) await record(purgeReceipts(removed, archive.name, now()));
  archive.settle([
    ...removed.map(({ stored }): StateChange => ({ number: stored.number, state: 'removed' })),
    ...vanished.map(({ stored }): StateChange => ({ number: stored.number, state: 'gone' })),
  ]);
  return [...removed, ...vanished];
}

/** Those whose files are in the archive and on disk. */
async function archiveSeized(
  work: Work,
  targets: ReadonlyMap<string, Target>,
  { seized }: Seizure,
): Promise<readonly Target[]> {
  const { archive, reader, counter, atOnce } = work;
  const archived: Target[] = [];
  let looked = 0;
  using batch = archive.begin();
  for (const [id, { place, wasHeld }] of seized) {
    // Signals come in between.
    if (++looked % stride === 0) await new Promise(setImmediate);
    if (atOnce?.aborted) return [];
    const target = targets.get(id);
    if (!target || !look(work, place, target.planned)) continue;
    const added = addFiles(reader, place, (files) =>
      batch.add(target.stored.number, wasHeld, files),
    );
    if (added === 'added') archived.push(target);
    else if (added === 'changed') counter.add('changed');
    else counter.problem(id, added.problem);
  }
  batch.commit();
  return archived;
}

function addFiles(
  reader: QueueReader,
  place: EntryPlace,
  add: (files: readonly NewFile[]) => void,
): 'added' | 'changed' | { readonly problem: string } {
  try {
    using opened = openEntryFiles(reader.filesOf(place));
    if (opened.files.length === 0) return 'changed';
    add(opened.files);
    return 'added';
  } catch (error) {
    if (error instanceof EntryChangedError) return 'changed';
    if (errorCode(error) === 'ARCHIVE_WRITE') throw error;
    return { problem: errorText(error) };
  }
}
