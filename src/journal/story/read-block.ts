/**
 * The lines of a block, read one by one.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import type { LogEvent, LogReading } from '../../foreign/log-event.ts';
import { LogLineReader } from '../../foreign/log-line.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import { formatNumber } from '../../mail/amounts.ts';
import { textOf } from '../../mail/text.ts';
import { readOwnLine } from './own-log.ts';

export type Server = Mta | 'spillway';

/** Octets; no server and no syslog writes longer lines. */
export const longestLine = 8192;
const tooLong = `more than ${formatNumber(longestLine)} octets`;
export const stillToCome = 'a time that is still to come';
const mostExamples = 3;

export type TakeEvent = (at: number, host: string, server: Server, event: LogEvent) => void;

export interface BlockReport {
  readonly lines: number;
  /** Lines that said something of mail. */
  readonly events: number;
  /** ms since 1970; Infinity and -Infinity where no line has a time. */
  readonly first: number;
  readonly last: number;
  readonly unreadable: readonly UnreadableLines[];
}

export interface UnreadableLines {
  readonly problem: string;
  readonly count: number;
  /** Numbers of the first ones, from 0. */
  readonly lines: readonly number[];
}

/** ms since 1970. */
export interface LogTimes {
  /** Stamps without a year are of the year that begins then. */
  readonly yearFrom: number;
  /** A later line was written by a clock that was wrong: it would make all that follow count as of then. */
  readonly latest: number;
}

export class BlockReader {
  readonly times: LogTimes;
  private readonly reader: LogLineReader;

  constructor(times: LogTimes) {
    this.times = times;
    this.reader = new LogLineReader(times.yearFrom);
  }

  /** `block`: whole lines, the last one perhaps without its end. */
  read(block: Buffer, take: TakeEvent): BlockReport {
    const { reader } = this;
    const { latest } = this.times;
    const text = blockText(block);
    const unreadable = new Map<string, { count: number; lines: number[] }>();
    let [lines, events, at] = [0, 0, 0];
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

    const fail = (problem: string) => {
      const known = unreadable.get(problem) ?? { count: 0, lines: [] };
      known.count++;
      if (known.lines.length < mostExamples) known.lines.push(lines);
      unreadable.set(problem, known);
    };
    const takeReading = (
      time: number | null,
      host: string,
      server: Server,
      reading: LogReading,
    ) => {
      if (time !== null && time > latest) {
        fail(stillToCome);
        return;
      }
      if (time !== null && time < first) first = time;
      if (time !== null && time > last) last = time;
      if (reading === null) return;
      if (reading.kind === 'unreadable') fail(reading.problem);
      else if (time !== null) {
        events++;
        take(time, host, server, reading);
      }
    };

    while (at < text.length) {
      const found = text.indexOf('\n', at);
      const next = found < 0 ? text.length : found + 1;
      let end = found < 0 ? text.length : found;
      if (end > at && text.charCodeAt(end - 1) === 13) end--;
      if (end - at > longestLine) fail(tooLong);
      else if (text.charCodeAt(at) === 0x7b) {
        const own = readOwnLine(text.slice(at, end));
        takeReading(own.at, '', 'spillway', own.reading);
      } else {
        const reading = reader.read(text, at, end);
        takeReading(reader.at, reader.host, reader.server, reading);
      }
      at = next;
      lines++;
    }
    const problems = [...unreadable].map(([problem, rest]) => ({ problem, ...rest }));
    return { lines, events, first, last, unreadable: problems };
  }
}

/**
 * One text for all of it, as most blocks are ASCII. Where a line is no UTF-8 its octets stand for
 * characters, and those of the others do not.
 */
function blockText(block: Buffer): string {
  if (isAscii(block)) return block.toString('latin1');
  if (isUtf8(block)) return block.toString('utf8');
  const lines: string[] = [];
  for (let at = 0; at < block.length; ) {
    const found = block.indexOf(10, at);
    const end = found < 0 ? block.length : found + 1;
    lines.push(textOf(block, at, end));
    at = end;
  }
  return lines.join('');
}
