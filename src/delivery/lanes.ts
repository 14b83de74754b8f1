/**
 * All next hops side by side: which transaction starts when.
 *
 * Fresh mail goes before backlog, everywhere; next hops that did well lately go before those that
 * nobody knows, which may take up half of all places at most; backlog likewise. So neither a backlog
 * nor a thousand dead servers keep mail waiting that could be delivered at once. Next hops that the
 * configuration names are few, and bounded by their own lanes alone.
 */
import { createLane, type HopState, type Lane, type LaneLimits } from './lane.ts';
import type { Hop } from './next-hop.ts';
import type { LastWords } from './outcomes.ts';

/** Some recipients of one message that share a transaction. One of the three is called, once. */
export interface Task {
  readonly isFresh: boolean;
  /** Of its recipients, comparable form. */
  readonly domains: readonly string[];
  /** Neither throws nor rejects. */
  run(): Promise<TaskEnd>;
  /** The next hop is down: not before then, ms since 1970. */
  postpone(until: number, last: LastWords): void;
  /** There is no place for it at the moment. */
  turnAway(): void;
}

export interface TaskEnd {
  readonly state: HopState;
  /** Of a next hop that is down; null where it is not. */
  readonly last: LastWords | null;
}

export interface LanesOptions {
  readonly limits: LaneLimits;
  /** Transactions at a time, next hops of the configuration not counted. */
  readonly mostActive: number;
  /** Tasks that wait before one next hop. */
  readonly mostFresh: number;
  readonly mostBacklog: number;
  /** ms since 1970. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** There is place again for backlog that `full` left out. */
  readonly onRoom: () => void;
}

export interface Lanes {
  add(hop: Hop, task: Task): void;
  /** Whether a transaction would be started at once. */
  isFree(hop: Hop): boolean;
  /** Domains for which it makes no sense to claim backlog at the moment. */
  full(): string[];
  /** Forgets next hops that nobody used for a while; to be called now and then. */
  tidy(): void;
  /** Turns away what waits, and whatever comes. */
  close(): void;
  readonly size: number;
}

interface Entry {
  readonly lane: Lane;
  readonly isConfigured: boolean;
  readonly fresh: Task[];
  readonly backlog: Task[];
  readonly domains: Set<string>;
  last: LastWords | null;
  /** It was among the full ones. */
  isFull: boolean;
}

/** Backlog of a next hop that opens again so soon stays in the store, untouched; ms. */
const shortPause = 300_000;
const unusedFor = 600_000;
const mostDomains = 10_000;
/** What waits for a next hop does not come all at once when it opens; ms. */
const spreadOver = 10_000;

export function createLanes(options: LanesOptions): Lanes {
  const { limits, mostActive, now, random } = options;
  const entries = new Map<string, Entry>();
  /** Whose turn it is, first in first out: 3 kinds of next hops with fresh mail, 3 with backlog. */
  const turns = Array.from({ length: 6 }, () => new Set<Entry>());
  let active = 0;
  let unproven = 0;
  let backlog = 0;
  let isClosed = false;

  function entryOf(hop: Hop): Entry {
    const known = entries.get(hop.key);
    if (known) return known;
    const entry: Entry = {
      lane: createLane(limits, random),
      isConfigured: hop.kind !== 'mx',
      fresh: [],
      backlog: [],
      domains: new Set(),
      last: null,
      isFull: false,
    };
    entries.set(hop.key, entry);
    return entry;
  }

  function enqueue(entry: Entry): void {
    const kind = entry.isConfigured ? 0 : entry.lane.isProven(now()) ? 1 : 2;
    if (entry.fresh.length > 0) turns[kind]?.add(entry);
    if (entry.backlog.length > 0) turns[kind + 3]?.add(entry);
  }

  function mayStart(turn: number): boolean {
    const kind = turn % 3;
    if (kind === 0) return true;
    if (active >= mostActive) return false;
    if (kind === 2 && unproven >= mostActive / 2) return false;
    return turn < 3 || backlog < mostActive / 2;
  }

  function startAll(): void {
    turns.forEach((waiting, turn) => {
      const isFresh = turn < 3;
      for (const entry of waiting) {
        if (!mayStart(turn)) return;
        waiting.delete(entry);
        const tasks = isFresh ? entry.fresh : entry.backlog;
        // Full ones come back when one of their own transactions ends.
        if (tasks.length === 0 || !entry.lane.hasSpace(now(), isFresh)) continue;
        const task = tasks.shift();
        if (tasks.length > 0) waiting.add(entry);
        if (task) void run(entry, task, turn % 3);
      }
    });
  }

  async function run(entry: Entry, task: Task, kind: number): Promise<void> {
    const isCounted = kind > 0;
    entry.lane.start(now());
    if (isCounted) active++;
    if (kind === 2) unproven++;
    if (isCounted && !task.isFresh) backlog++;
    const { state, last } = await task.run();
    if (isCounted) active--;
    if (kind === 2) unproven--;
    if (isCounted && !task.isFresh) backlog--;
    entry.lane.end(state, now());
    entry.last = last ?? entry.last;
    if (entry.lane.closedUntil(now()) !== null) postponeAll(entry);
    enqueue(entry);
    startAll();
    if (entry.isFull && !entry.lane.isDown && entry.backlog.length <= options.mostBacklog / 4) {
      entry.isFull = false;
      options.onRoom();
    }
  }

  function postponeAll(entry: Entry): void {
    for (const task of [...entry.fresh.splice(0), ...entry.backlog.splice(0)])
      postpone(entry, task);
  }

  function postpone({ lane, last }: Entry, task: Task): void {
    const until = lane.closedUntil(now());
    if (until === null || last === null) task.turnAway();
    else task.postpone(until + Math.round(random() * spreadOver), last);
  }

  return {
    add(hop, task) {
      if (isClosed) return task.turnAway();
      const entry = entryOf(hop);
      if (entry.domains.size < mostDomains)
        for (const domain of task.domains) entry.domains.add(domain);
      if (entry.lane.closedUntil(now()) !== null) return postpone(entry, task);
      const tasks = task.isFresh ? entry.fresh : entry.backlog;
      const most = task.isFresh ? options.mostFresh : options.mostBacklog;
      if (tasks.length >= most) return task.turnAway();
      tasks.push(task);
      enqueue(entry);
      startAll();
    },
    isFree(hop) {
      const entry = entries.get(hop.key);
      return !entry || (entry.lane.hasSpace(now(), true) && entry.fresh.length === 0);
    },
    full() {
      const domains: string[] = [];
      for (const entry of entries.values()) {
        const { lane } = entry;
        const closedFor = (lane.closedUntil(now()) ?? 0) - now();
        const isProbing = lane.isDown && lane.active > 0;
        const isCrowded = entry.backlog.length > options.mostBacklog / 2;
        entry.isFull = isCrowded || isProbing;
        if (entry.isFull || (closedFor > 0 && closedFor <= shortPause))
          domains.push(...entry.domains);
      }
      return domains;
    },
    tidy() {
      for (const [key, { lane, fresh, backlog: waiting }] of entries) {
        const isIdle = lane.active === 0 && fresh.length === 0 && waiting.length === 0;
        if (isIdle && now() - lane.usedAt > unusedFor) entries.delete(key);
      }
    },
    close() {
      isClosed = true;
      for (const entry of entries.values())
        for (const task of [...entry.fresh.splice(0), ...entry.backlog.splice(0)]) task.turnAway();
    },
    get size() {
      return entries.size;
    },
  };
}
