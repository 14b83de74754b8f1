/**
 * The story of logs: read, followed, and the incidents in them found.
 */

import type { StoredReceipt } from '../../store/journal-store.ts';
import type { Incident } from '../../verdict/flood/incident.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import { copiesAmong } from './copies.ts';
import { Follower, followerLimits } from './follower.ts';
import type { LogFile } from './log-file.ts';
import { type LogSource, openLogSource, type SourceReport } from './log-source.ts';
import { mergeLogs } from './merge.ts';
import { openParsePool } from './parse-pool.ts';
import type { Server } from './read-block.ts';
import { observationsOf } from './receipt-observations.ts';
import { type Series, SeriesRecorder } from './series.ts';

/** Who recognises incidents; src/verdict/flood/ has it. */
export interface Finder {
  observe(observation: Observation): void;
  advance(now: number): void;
  incidents(): readonly Incident[];
}

export interface StoryOptions {
  readonly files: readonly LogFile[];
  readonly finder: Finder;
  /** ms since 1970: what happened from then on... */
  readonly since?: number;
  /** ...and before then. */
  readonly until?: number;
  /** That read lines; 0 for this one. */
  readonly threads: number;
  /** ms since 1970. */
  readonly now: number;
  /** Octets read so far, unpacked. */
  readonly onProgress?: (octets: number, file: string) => void;
}

export interface Story {
  /** Of what it is told. */
  readonly of: 'logs' | 'journal';
  /** In the order in which they were given. */
  readonly sources: readonly SourceReport[];
  /** ms since 1970, as in StoryOptions; null: nobody said. */
  readonly asked: { readonly since: number | null; readonly until: number | null };
  /** ms since 1970 of the first and last thing told; null: there is none. */
  readonly span: { readonly first: number; readonly last: number } | null;
  readonly totals: Totals;
  readonly series: Series;
  /** The one that did most first. */
  readonly incidents: readonly Incident[];
}

export interface Totals {
  readonly received: number;
  readonly bytes: number;
  readonly refused: number;
  readonly notices: number;
  readonly returns: number;
  readonly deliveries: number;
}

/** The same file twice is one, and so is a copy. */
export async function tellStory(options: StoryOptions): Promise<Story> {
  const { finder, threads, now, onProgress } = options;
  const teller = createTeller(options);
  const sources: LogSource[] = [];
  // One after the other: a process may not have as many files open as there are rotated logs.
  for (const file of distinct(options.files)) sources.push(await openLogSource(file, now));
  const copies = copiesAmong(sources);
  for (const [{ report }, { file }] of copies)
    report.trouble = `it begins as ${file.name} does, and is not told a second time`;
  let read = 0;
  {
    await using pool = openParsePool(threads);
    const logs = sources
      .filter((source) => !copies.has(source))
      .map((source) => ({
        begin: source.begin,
        onDouble: () => {
          source.report.doubled++;
        },
        open: () =>
          source.batches(pool, (octets) => {
            read += octets;
            onProgress?.(read, source.file.name);
          }),
      }));
    await mergeLogs(logs, teller.take);
  }
  teller.end();
  const reports = sources.map(({ report }) => report);
  return { of: 'logs', sources: reports, ...teller.told(finder) };
}

/**
 * The story of Spillway's own journal; `where` is its name. `recognised` are the incidents that it saw
 * while it ran: it saw more than it wrote receipts of. Only where there are none they are looked for.
 */
export async function tellJournal(
  receipts: AsyncIterable<StoredReceipt>,
  recognised: readonly Incident[],
  where: string,
  options: Pick<StoryOptions, 'finder' | 'since' | 'until'>,
): Promise<Story> {
  const teller = createTeller(options);
  const report: SourceReport = {
    name: where,
    lines: 0,
    events: 0,
    doubled: 0,
    first: null,
    last: null,
    trouble: null,
    unreadable: [],
  };
  for await (const receipt of receipts) {
    report.lines++;
    report.events++;
    report.first = Math.min(report.first ?? receipt.from, receipt.from);
    report.last = Math.max(report.last ?? receipt.until, receipt.until);
    for (const observation of observationsOf(receipt)) teller.observe(observation);
  }
  const told = teller.told(options.finder);
  const incidents = recognised.length > 0 ? largestFirst(recognised) : told.incidents;
  return { of: 'journal', sources: [report], ...told, incidents };
}

/** Joins what servers say, host by host, to what is told. */
export function createTeller(options: Pick<StoryOptions, 'finder' | 'since' | 'until'>) {
  const { finder, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
  const series = new SeriesRecorder();
  const followers = new Map<string, Follower>();
  const totals = { received: 0, bytes: 0, refused: 0, notices: 0, returns: 0, deliveries: 0 };
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let lastHost: string | null = null;
  let lastServer: Server | null = null;
  let lastFollower: Follower | null = null;
  let connections = 0;

  function observe(observation: Observation): void {
    const { at } = observation;
    if (at < since || at >= until) return;
    if (at < first) first = at;
    if (at > last) last = at;
    count(totals, observation);
    series.add(observation);
    finder.observe(observation);
  }

  function followerOf(host: string, server: Server): Follower {
    if (lastFollower && host === lastHost && server === lastServer) return lastFollower;
    const key = `${server} ${host}`;
    let follower = followers.get(key);
    if (!follower) {
      if (followers.size >= mostFollowers) end();
      const names = followers.size < mostLarge ? followerLimits.names : namesOfSmall;
      follower = new Follower(server, observe, () => ++connections, { ...followerLimits, names });
      followers.set(key, follower);
    }
    [lastHost, lastServer, lastFollower] = [host, server, follower];
    return follower;
  }

  function end(): void {
    for (const follower of followers.values()) follower.end();
    followers.clear();
    lastFollower = null;
  }

  return {
    observe,
    end,
    take(at: number, host: string, server: Server, event: Parameters<Follower['take']>[1]): void {
      followerOf(host, server).take(at, event);
    },
    told(found: Finder): Omit<Story, 'of' | 'sources'> {
      const span = first <= last ? { first, last } : null;
      if (span) found.advance(last);
      const incidents = largestFirst(found.incidents());
      const asked = { since: options.since ?? null, until: options.until ?? null };
      return { asked, span, totals, series: series.series(), incidents };
    },
  };
}

/** Nobody has so many mail servers; names of hosts that are made up must not cost more. */
const mostFollowers = 1024;
/** Of so many the most messages are remembered; where one log has more hosts, each of the others is a small one. */
const mostLarge = 32;
const namesOfSmall = 3000;

function count(
  totals: { -readonly [name in keyof Totals]: number },
  observation: Observation,
): void {
  switch (observation.kind) {
    case 'received':
      totals.received++;
      totals.bytes += observation.bytes;
      return;
    case 'attempt':
      if (observation.outcome !== 'accepted') totals.refused++;
      return;
    case 'notice':
      totals.notices++;
      return;
    case 'fate':
      if (observation.outcome !== 'dropped') totals.deliveries++;
      if (observation.outcome === 'returned') totals.returns++;
  }
}

function largestFirst(incidents: readonly Incident[]): Incident[] {
  return incidents.toSorted((a, b) => weightOf(b) - weightOf(a));
}

/** How much there was of an incident, by what came and what was made of it. */
function weightOf({ received, made, ended }: Incident): number {
  return received.messages + received.recipients + made.notices + made.deliveries + ended.refused;
}

function distinct(files: readonly LogFile[]): LogFile[] {
  const byIdentity = new Map(files.map((file) => [file.identity, file]));
  return [...byIdentity.values()];
}
