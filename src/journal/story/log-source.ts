/**
 * One log as batches of events in the order of its lines, and what is to be said of it itself.
 */
import { JournalParser } from '../../foreign/journald-export.ts';
import { LogLineReader } from '../../foreign/log-line.ts';
import { BlockCutter } from './block-cutter.ts';
import { BatchWriter, type EventBatch } from './event-batch.ts';
import { type LogFile, LogFileError } from './log-file.ts';
import { readOwnLine } from './own-log.ts';
import type { ParsePool } from './parse-pool.ts';
import { BlockReader, type LogTimes, longestLine, stillToCome } from './read-block.ts';
import { yearBegin } from './year.ts';

export interface SourceReport {
  readonly name: string;
  /** Lines, or entries of a journal. */
  lines: number;
  /** Of these: something that a mail server said of its mail. */
  events: number;
  /** Of those: what another log told already. */
  doubled: number;
  /** ms since 1970; null: no line has a time. */
  first: number | null;
  last: number | null;
  /** What it is packed in ends too early, or it could not be read further. */
  trouble: string | null;
  readonly unreadable: Unreadable[];
}

export interface Unreadable {
  readonly problem: string;
  count: number;
  /** Numbers of the first ones, from 1. */
  readonly lines: number[];
}

export interface LogSource {
  readonly file: LogFile;
  readonly report: SourceReport;
  /** Its first octets, unpacked: so many as tell it from others. */
  readonly head: Buffer;
  /** Its first time, for the order; null: it has none near its beginning. */
  readonly begin: number | null;
  /** Never throws: what goes wrong stands in the report. */
  batches(pool: ParsePool, onRead: (octets: number) => void): AsyncGenerator<EventBatch, void>;
}

const mostExamples = 3;
const mostProblems = 50;
/** Octets at the beginning of a log that tell what it is. */
const headLength = 1 << 16;
const keptHead = 4096;
/** ms by which a clock may be ahead of ours. */
const day = 86_400_000;

/** `now`: ms since 1970, for a log of which nobody knows when it was changed. */
export async function openLogSource(file: LogFile, now: number): Promise<LogSource> {
  const report: SourceReport = {
    name: file.name,
    lines: 0,
    events: 0,
    doubled: 0,
    first: null,
    last: null,
    trouble: null,
    unreadable: [],
  };
  const head = await readHead(file, report);
  const text = head.toString('latin1');
  const isJournal = /^(?:__CURSOR|__REALTIME_TIMESTAMP)=/.test(text);
  const changedAt = file.changedAt ?? now;
  const times = { yearFrom: yearBegin(text, changedAt), latest: Math.max(now, changedAt) + day };
  const begin = isJournal ? beginOfJournal(text) : beginOfLines(head, times);
  // The head told already that it cannot be read.
  const isClosed = report.trouble !== null && head.length === 0;
  return {
    file,
    report,
    head: Buffer.from(head.subarray(0, keptHead)),
    begin,
    async *batches(pool, onRead) {
      if (isClosed) return;
      yield* isJournal
        ? ofJournal(file, report, times, onRead)
        : ofLines(file, report, pool, times, onRead);
    },
  };
}

async function readHead(file: LogFile, report: SourceReport): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of file.read()) {
      head = Buffer.concat([head, chunk.subarray(0, headLength - head.length)]);
      if (head.length >= headLength) break;
    }
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    report.trouble = error.why;
  }
  return head;
}

async function* ofLines(
  file: LogFile,
  report: SourceReport,
  pool: ParsePool,
  times: LogTimes,
  onRead: (octets: number) => void,
): AsyncGenerator<EventBatch, void> {
  const flight: ReturnType<ParsePool['parse']>[] = [];
  const land = async () => {
    const parsed = await flight.shift();
    if (!parsed) throw new RangeError('nothing is being read');
    add(report, parsed.report);
    return parsed.batch;
  };
  const cutter = new BlockCutter(longestLine);
  try {
    for await (const chunk of file.read()) {
      onRead(chunk.length);
      const block = cutter.push(chunk);
      if (!block) continue;
      flight.push(pool.parse({ block, times }));
      if (flight.length > pool.width) yield await land();
    }
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    report.trouble = error.why;
  }
  const last = cutter.end();
  if (last) flight.push(pool.parse({ block: last, times }));
  while (flight.length > 0) yield await land();
}

async function* ofJournal(
  file: LogFile,
  report: SourceReport,
  { latest }: LogTimes,
  onRead: (octets: number) => void,
): AsyncGenerator<EventBatch, void> {
  const parser = new JournalParser(longestLine);
  const reader = new LogLineReader(0);
  const writer = new BatchWriter();

  function take(events: ReturnType<JournalParser['push']>): EventBatch {
    for (const event of events) {
      report.lines++;
      if (event.kind === 'fault') {
        note(report, event.problem, 1, [report.lines]);
        continue;
      }
      const { at, host, program, pid, message } = event.entry;
      if (at > latest) {
        note(report, stillToCome, 1, [report.lines]);
        continue;
      }
      report.first = Math.min(report.first ?? at, at);
      report.last = Math.max(report.last ?? at, at);
      if (program === 'spillway') {
        const { reading } = readOwnLine(message);
        // Its first words to a terminal are no JSON.
        if (reading === null || reading.kind === 'unreadable') continue;
        report.events++;
        writer.write(at, host, 'spillway', reading);
        continue;
      }
      const reading = reader.readSaid(at, host, program, pid, message);
      if (reading?.kind === 'unreadable') note(report, reading.problem, 1, [report.lines]);
      if (reading === null || reading.kind === 'unreadable') continue;
      report.events++;
      writer.write(reader.at ?? at, host, reader.server, reading);
    }
    return writer.take();
  }

  try {
    for await (const chunk of file.read()) {
      onRead(chunk.length);
      yield take(parser.push(chunk));
    }
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    report.trouble = error.why;
  }
  yield take(parser.end());
}

function add(report: SourceReport, block: ReturnType<BlockReader['read']>): void {
  for (const { problem, count, lines } of block.unreadable)
    note(
      report,
      problem,
      count,
      lines.map((line) => report.lines + line + 1),
    );
  report.lines += block.lines;
  report.events += block.events;
  if (block.first > block.last) return;
  report.first = Math.min(report.first ?? block.first, block.first);
  report.last = Math.max(report.last ?? block.last, block.last);
}

function note(
  report: SourceReport,
  problem: string,
  count: number,
  lines: readonly number[],
): void {
  let known = report.unreadable.find((one) => one.problem === problem);
  if (!known) {
    if (report.unreadable.length >= mostProblems) return;
    known = { problem, count: 0, lines: [] };
    report.unreadable.push(known);
  }
  known.count += count;
  known.lines.push(...lines.slice(0, mostExamples - known.lines.length));
}

function beginOfJournal(head: string): number | null {
  const time = /^__REALTIME_TIMESTAMP=(\d{1,17})$/m.exec(head)?.[1];
  return time === undefined ? null : Math.floor(Number(time) / 1000);
}

function beginOfLines(head: Buffer, times: LogTimes): number | null {
  let begin: number | null = null;
  const end = head.lastIndexOf(10);
  // The first line is not always the first in time, by a little.
  const { first } = new BlockReader(times).read(
    head.subarray(0, end < 0 ? head.length : end),
    () => undefined,
  );
  if (Number.isFinite(first)) begin = first;
  return begin;
}
