/**
 * Keeps incidents: saves them while they go on, so that a restart goes on with them, has alerts sent at
 * their beginning and end, and hears of those whose brakes were lifted by hand.
 *
 * A journal that cannot be written stops no watch: what was not saved waits for the next turn.
 */
import type { FloodWatch } from '../judge/flood-watch.ts';
import type { Clock } from '../mail/clock.ts';
import { forgetOldest } from '../mail/forget-oldest.ts';
import type { JournalStore, StoredIncident } from '../store/journal-store.ts';
import type { Incident } from '../verdict/flood/incident.ts';
import { inTurns } from './in-turns.ts';
import { systemClock } from './system-clock.ts';

export type Occasion = 'began' | 'ended';

export interface IncidentKeeperOptions {
  readonly store: Pick<JournalStore, 'saveIncidents' | 'incidents'>;
  readonly watch: Pick<FloodWatch, 'changed' | 'resume' | 'lift' | 'spend'>;
  /** What `resumeIncidents` gave. */
  readonly before: readonly StoredIncident[];
  /** ms of CPU that the process has used since this was last asked. */
  readonly cpu: () => number;
  readonly onIncident: (occasion: Occasion, incident: Incident) => void;
  readonly onFault: (fault: unknown) => void;
  readonly clock?: Clock;
}

/** ms between two turns: so late an alert may be, and so late a lifted brake. */
const turn = 2000;
/** ms; what ended before that is nothing to go on with: queues keep mail for five days. */
const memory = 6 * 24 * 3_600_000;

/** Most that wait for a journal that cannot be written, and most of which it is known what was told. */
const mostKept = 5000;

/**
 * Goes on with those of an earlier run, before anything else is told to the watch: those are to be
 * handed to `keepIncidents`. Rejects with JournalReadError.
 */
export async function resumeIncidents({
  store,
  watch,
  clock = systemClock,
}: Pick<IncidentKeeperOptions, 'store' | 'watch' | 'clock'>): Promise<readonly StoredIncident[]> {
  const before = await store.incidents({ since: clock.now() - memory });
  watch.resume(before);
  watch.lift(before.flatMap(({ isOpen, lifted }) => (isOpen ? lifted : [])));
  return before;
}

export function keepIncidents(options: IncidentKeeperOptions): AsyncDisposable {
  const { store, watch, before, cpu, onIncident, onFault, clock = systemClock } = options;
  const unsaved = new Map<string, Incident>();
  /** By id: what was told last; those that changed last are last. */
  const told = new Map<string, Occasion>();
  /** Ids of those that go on, also for the second time. */
  const open = new Set<string>();
  let hasTrouble = false;

  for (const { id, isOpen } of before) {
    remember(id, isOpen ? 'began' : 'ended');
    if (isOpen) open.add(id);
  }

  function remember(id: string, occasion: Occasion): void {
    told.delete(id);
    told.set(id, occasion);
    forgetOldest(told, mostKept);
  }

  function tell(incident: Incident): void {
    const { id, isOpen } = incident;
    if (isOpen) open.add(id);
    else open.delete(id);
    const before = told.get(id);
    const isEnd = !isOpen || before === 'ended';
    remember(id, isEnd ? 'ended' : 'began');
    if (before === undefined) onIncident('began', incident);
    if (isEnd && before !== 'ended') onIncident('ended', incident);
  }

  async function work(): Promise<void> {
    watch.spend(cpu());
    for (const incident of watch.changed()) {
      unsaved.set(incident.id, incident);
      for (const part of incident.joined) {
        unsaved.delete(part);
        // Of what became a part, the whole tells the end.
        told.delete(part);
        open.delete(part);
      }
    }
    forgetOldest(unsaved, mostKept);
    try {
      const saving = [...unsaved.values()];
      await store.saveIncidents(saving);
      for (const one of saving) if (unsaved.get(one.id) === one) unsaved.delete(one.id);
      // An alert names what the journal knows.
      for (const one of saving) tell(one);
      await hearOfLifted();
      hasTrouble = false;
    } catch (error) {
      if (!hasTrouble) onFault(error);
      hasTrouble = true;
    }
  }

  async function hearOfLifted(): Promise<void> {
    if (open.size === 0) return;
    const found = await store.incidents({ isOpen: true });
    watch.lift(found.flatMap(({ lifted }) => lifted));
  }

  return inTurns(clock, turn, work);
}
