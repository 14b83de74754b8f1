/**
 * The queue of a mail server that exists only in tests: `ID.ctl` in JSON and `ID.body`, in one folder; the
 * former is called `ID.held` while the entry is held.
 *
 * Like Postfix it seizes by holding, so that a run that dies leaves entries held; and it gives entries that
 * are put back a new name where it is told to.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import type { QueueEntry } from '../../src/foreign/queue-entry.ts';
import type { Cause } from '../../src/rescue/causes/cause.ts';
import type { PlannedEntry } from '../../src/rescue/change/plan.ts';
import type { QueueHand, Restored } from '../../src/rescue/mail-server.ts';
import { type EntryPlace, fingerprintOf, type QueueReader } from '../../src/rescue/reader.ts';

interface Control {
  readonly arrivedAt: number;
  readonly sender: string;
  readonly recipients: readonly string[];
}

type State = 'waiting' | 'held';

const suffixes: { readonly [state in State]: string } = { waiting: '.ctl', held: '.held' };

export function toyReader(folder: string): QueueReader {
  return {
    *list() {
      for (const name of readdirSync(folder).toSorted()) {
        const { ext, name: id } = parse(name);
        if (Object.values(suffixes).includes(ext))
          yield { kind: 'entry', place: { id, path: join(folder, name) } } as const;
      }
    },
    read: ({ id, path }) => {
      const control = readControl(path);
      const state = path.endsWith(suffixes.held) ? 'held' : 'waiting';
      return control ? { kind: 'entry', entry: entryOf(id, state, control) } : { kind: 'absent' };
    },
    find: (id) => findToy(folder, id)?.place ?? null,
    filesOf: ({ path }) => [bodyOf(path), path],
  };
}

function findToy(folder: string, id: string): { place: EntryPlace; state: State } | null {
  for (const state of ['waiting', 'held'] as const) {
    const path = join(folder, `${id}${suffixes[state]}`);
    if (readControl(path)) return { place: { id, path }, state };
  }
  return null;
}

export interface ToyOptions {
  /** Entries that are put back get new names. */
  readonly renames?: boolean;
  /** Called between any two things that the hand does to the queue; may throw. */
  readonly trip?: () => void;
  /** Nothing lets go any more: the process is taken for dead. */
  readonly isDead?: () => boolean;
  /** Being delivered at the moment. */
  readonly busy?: ReadonlySet<string>;
}

export function toyHand(folder: string, options: ToyOptions = {}): QueueHand {
  const { renames = false, trip = () => {}, isDead = () => false, busy } = options;
  const find = (id: string) => findToy(folder, id);

  /** False where it is gone. */
  function setState(id: string, state: State): boolean {
    const found = find(id);
    if (found) renameSync(found.place.path, join(folder, `${id}${suffixes[state]}`));
    return found !== null;
  }

  return {
    async seize(places) {
      const seized = new Map<string, { place: EntryPlace; wasHeld: boolean }>();
      const missed = new Map<string, 'gone' | 'busy'>();
      for (const { id } of places) {
        trip();
        const found = find(id);
        if (found && !busy?.has(id)) setState(id, 'held');
        const now = find(id);
        if (!found || !now || busy?.has(id)) missed.set(id, found ? 'busy' : 'gone');
        else seized.set(id, { place: now.place, wasHeld: found.state === 'held' });
      }
      trip();
      return {
        seized,
        missed,
        async remove(ids) {
          const results = new Map<string, 'removed' | 'gone'>();
          for (const id of ids) {
            trip();
            const found = find(id);
            results.set(id, found ? 'removed' : 'gone');
            if (!found) continue;
            rmSync(found.place.path);
            rmSync(bodyOf(found.place.path), { force: true });
            seized.delete(id);
          }
          trip();
          return results;
        },
        async [Symbol.asyncDispose]() {
          if (isDead()) return;
          for (const [id, { wasHeld }] of seized) if (!wasHeld) setState(id, 'waiting');
        },
      };
    },
    async hold(places) {
      const results = new Map<string, 'held' | 'gone'>();
      for (const { id } of places) {
        trip();
        results.set(id, setState(id, 'held') ? 'held' : 'gone');
      }
      return results;
    },
    async release(ids) {
      const results = new Map<string, 'released' | 'gone'>();
      for (const id of ids) {
        trip();
        results.set(id, setState(id, 'waiting') ? 'released' : 'gone');
      }
      return results;
    },
    async restore(entries) {
      const results = new Map<string, Restored>();
      for (const { id, wasHeld, files } of entries) {
        trip();
        const name = renames ? freshName(folder, id) : id;
        if (find(name)) {
          results.set(id, { kind: 'present' });
          continue;
        }
        const [body = '', control = ''] = await Promise.all(
          files.map(async ({ content }) => Buffer.concat(await Array.fromAsync(content()))),
        );
        const path = join(folder, `${name}${suffixes[wasHeld ? 'held' : 'waiting']}`);
        writeFileSync(bodyOf(path), body);
        trip();
        writeFileSync(path, control);
        results.set(id, { kind: 'restored', id: name });
      }
      trip();
      return results;
    },
  };
}

export interface Toy extends Partial<Control> {
  readonly state?: State;
  readonly body?: string;
}

export function putToy(folder: string, id: string, toy: Toy = {}): void {
  const { state = 'waiting', body = id, ...control } = toy;
  const path = join(folder, `${id}${suffixes[state]}`);
  writeFileSync(bodyOf(path), body);
  const plain: Control = { arrivedAt: 1_000, sender: '', recipients: ['nicholas@seaton.biz'] };
  writeFileSync(path, JSON.stringify({ ...plain, ...control }));
}

/** What a user would find in the queue, whatever the names: one line for each entry, sorted. */
export function toyContents(folder: string): string[] {
  const reader = toyReader(folder);
  return Array.from(reader.list(), (listed) => {
    if (listed.kind !== 'entry') return listed.path;
    const [body = '', control = ''] = reader
      .filesOf(listed.place)
      .map((path) => readFileSync(path, 'utf8'));
    return `${body} ${control} ${listed.place.path.endsWith(suffixes.held) ? 'held' : 'waiting'}`;
  }).toSorted();
}

export function planFor(
  reader: QueueReader,
  ids: readonly string[],
  action: PlannedEntry['action'] = 'purge',
  cause: Cause = exampleCause,
): PlannedEntry[] {
  return ids.flatMap((id) => {
    const place = reader.find(id);
    const read = place && reader.read(place);
    return read?.kind === 'entry'
      ? [{ id, fingerprint: fingerprintOf(read.entry), action, cause }]
      : [];
  });
}

const nothing = { distinct: 0, isExact: true, top: [] };

export const exampleCause: Cause = {
  number: 1,
  name: 'lost-notice:seaton.biz',
  kind: 'lost-notice',
  reason: 'loopback',
  proposal: 'purge',
  domain: 'seaton.biz',
  steps: ['the MX of seaton.biz is 127.0.0.1'],
  count: 1,
  bytes: 1,
  oldest: 0,
  newest: 0,
  tries: null,
  domains: nothing,
  recipients: nothing,
  senders: nothing,
  clients: nothing,
  sites: nothing,
  ids: [],
  fingerprints: [],
};

function freshName(folder: string, id: string): string {
  const stem = id.replace(/-\d+$/, '');
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}`;
    if (!findToy(folder, name)) return name;
  }
}

function bodyOf(path: string): string {
  return join(dirname(path), `${parse(path).name}.body`);
}

function readControl(path: string): Control | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function entryOf(id: string, state: State, control: Control): QueueEntry {
  const { arrivedAt, sender, recipients } = control;
  return {
    id,
    state,
    heldFor: null,
    reversePath: sender,
    notice: sender === '' ? 'own' : null,
    recipients: recipients.map((forwardPath) => ({
      forwardPath,
      isDone: false,
      complaint: null,
      nextHop: null,
    })),
    arrivedAt,
    lastTriedAt: null,
    tries: null,
    size: 1,
    client: null,
    complaint: null,
    report: null,
  };
}
