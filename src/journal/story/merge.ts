/**
 * Several logs as one stream of events in the order of time. A log is opened when its time comes, so that
 * of a hundred rotated ones hardly two are open at once.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import { DoubledLines } from './doubled-lines.ts';
import { BatchReader, type EventBatch } from './event-batch.ts';
import type { Server } from './read-block.ts';

export interface MergedLog {
  /** ms since 1970 of its first line, as far as its beginning tells; null: it has none there. */
  readonly begin: number | null;
  open(): AsyncIterator<EventBatch, void>;
  /** Called for each of its events that another log has told. */
  onDouble(): void;
}

export type TakeMerged = (at: number, host: string, server: Server, event: LogEvent) => void;

interface Opened {
  readonly log: MergedLog;
  readonly batches: AsyncIterator<EventBatch, void>;
  reader: BatchReader;
}

export async function mergeLogs(logs: readonly MergedLog[], take: TakeMerged): Promise<void> {
  const waiting = logs.toSorted((a, b) => beginOf(a) - beginOf(b));
  const opened: Opened[] = [];
  const doubled = new DoubledLines<MergedLog>();
  for (;;) {
    const nextAt = () => (waiting[0] ? beginOf(waiting[0]) : Number.POSITIVE_INFINITY);
    let [first, second] = earliest(opened);
    while (waiting.length > 0 && (!first || nextAt() <= timeOf(first))) {
      const log = waiting.shift();
      const one = log && (await begin(log));
      if (one) opened.push(one);
      [first, second] = earliest(opened);
    }
    if (!first) return;
    const limit = Math.min(second ? timeOf(second) : Number.POSITIVE_INFINITY, nextAt());
    const { reader, log } = first;
    for (let at = reader.at; at !== null; at = reader.at) {
      if (at > limit) break;
      const event = reader.read();
      // One that is told alone has no double, but where another begins or has just ended.
      const isShared = opened.length > 1 || at >= nextAt() || doubled.remembers(at);
      if (isShared && doubled.isDouble(log, at, reader.host, reader.server, event)) log.onDouble();
      else take(at, reader.host, reader.server, event);
    }
    if (reader.at === null && !(await refill(first))) opened.splice(opened.indexOf(first), 1);
  }
}

async function begin(log: MergedLog): Promise<Opened | null> {
  const opened = {
    log,
    batches: log.open(),
    reader: new BatchReader({ numbers: new Float64Array(), texts: [] }),
  };
  return (await refill(opened)) ? opened : null;
}

/** Whether there is more of it. */
async function refill(opened: Opened): Promise<boolean> {
  for (;;) {
    const { value } = await opened.batches.next();
    if (!value) return false;
    if (value.numbers.length === 0) continue;
    opened.reader = new BatchReader(value);
    return true;
  }
}

/** The two whose next events are the first. */
function earliest(opened: readonly Opened[]): [Opened | null, Opened | null] {
  let first: Opened | null = null;
  let second: Opened | null = null;
  for (const one of opened)
    if (!first || timeOf(one) < timeOf(first)) [first, second] = [one, first];
    else if (!second || timeOf(one) < timeOf(second)) second = one;
  return [first, second];
}

function timeOf({ reader }: Opened): number {
  return reader.at ?? Number.NEGATIVE_INFINITY;
}

/** What has no time comes first. */
function beginOf({ begin }: MergedLog): number {
  return begin ?? Number.NEGATIVE_INFINITY;
}
