/**
 * Why a program failed, in its own words.
 */
import type { Ran } from './root.ts';

const mostLines = 5;
const longestLine = 300;

/**
 * `m4 ended with status 1: sendmail.mc:3: no such file`; what it said on several lines is indented below. What a
 * program says is as long as this and no longer, and not made safe for a terminal: who prints it does that.
 */
export function failureOf(program: string, ran: Ran): string {
  const { status } = ran;
  const how =
    status === null
      ? `${program} was not started, was killed, or took too long`
      : `${program} ended with status ${status}`;
  const lines = saidBy(ran);
  const [first, second] = lines;
  if (first === undefined) return `${how} and said nothing`;
  return second === undefined ? `${how}: ${shorten(first.trim())}` : `${how}:\n${few(lines)}`;
}

/** Its lines on stderr or, without any, on stdout. */
export function saidBy({ stderr, stdout }: Ran): string[] {
  const lines = linesOf(stderr);
  return lines.length > 0 ? lines : linesOf(stdout);
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trimEnd() || []);
}

/** The first lines, indented, and how many more there are. */
export function few(lines: readonly string[]): string {
  const shown = lines.slice(0, mostLines).map((line) => `  ${shorten(line.trim())}`);
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

function shorten(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}...` : line;
}
