/**
 * The lines of a block, read one by one.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import type { LogEvent } from '../../foreign/log-event.ts';
import { LogLineReader } from '../../foreign/log-line.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import { textOf } from '../../mail/text.ts';
import { readOwnLine } from './own-log.ts';

export type Server = Mta | 'spillway';

/** Octets; no server and no syslog writes longer lines. */
export const longestLine = 8192;
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

export class BlockReader {
  private readonly reader: LogLineReader;

  /** `yearFrom`: stamps without a year are of the year that begins then. */
  constructor(yearFrom: number) {
    this.reader = new LogLineReader(yearFrom);
  }

  /** `block`: whole lines, the last one perhaps without its end. */
  read(block: Buffer, take: TakeEvent): BlockReport {
    const isPlain = isAscii(block);
    const isText = isPlain || isUtf8(block);
    const unreadable = new Map<string, { count: number; lines: number[] }>();
    let [lines, events, at] = [0, 0, 0];
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

    const fail = (problem: string) => {
      const known = unreadable.get(problem) ?? { count: 0, lines: [] };
      known.count++;
      if (known.lines.length < mostExamples) known.lines.push(lines);
      unreadable.set(problem, known);
    };
    const seen = (time: number | null) => {
      if (time === null) return;
      if (time < first) first = time;
      if (time > last) last = time;
    };

    while (at < block.length) {
      const found = block.indexOf(10, at);
      const next = found < 0 ? block.length : found + 1;
      let end = found < 0 ? block.length : found;
      if (end > at && block[end - 1] === 13) end--;
      if (end - at > longestLine) fail(`longer than ${longestLine} octets`);
      else if (end > at) {
        const line = isPlain
          ? block.toString('latin1', at, end)
          : isText
            ? block.toString('utf8', at, end)
            : textOf(block, at, end);
        if (block[at] === 0x7b) {
          const own = readOwnLine(line);
          seen(own.at);
          if (own.reading?.kind === 'unreadable') fail(own.reading.problem);
          else if (own.reading && own.at !== null) {
            events++;
            take(own.at, '', 'spillway', own.reading);
          }
        } else {
          const reading = this.reader.read(line);
          seen(reading.at);
          if (reading.kind === 'line') {
            events++;
            take(reading.at, reading.host, reading.server, reading.event);
          } else if (reading.kind === 'unreadable') fail(reading.problem);
        }
      }
      at = next;
      lines++;
    }
    const problems = [...unreadable].map(([problem, rest]) => ({ problem, ...rest }));
    return { lines, events, first, last, unreadable: problems };
  }
}
