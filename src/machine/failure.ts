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
  return lines.length === 0 ? `${how} and said nothing` : `${how}:${few(lines)}`;
}

/** Its lines on stderr or, without any, on stdout. */
export function saidBy({ stderr, stdout }: Ran): string[] {
  const lines = linesOf(stderr);
  return lines.length > 0 ? lines : linesOf(stdout);
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trimEnd() || []);
}

/** What stands behind a colon: the one line, or the first ones indented below, and how many more there are. */
export function few(texts: readonly string[]): string {
  const lines = texts.flatMap(linesOf).map((line) => shorten(line.trim()));
  if (lines.length === 1) return ` ${lines[0]}`;
  const more = lines.length - mostLines;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return [...lines.slice(0, mostLines), ...rest].map((line) => `\n  ${line}`).join('');
}

function shorten(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}...` : line;
}
