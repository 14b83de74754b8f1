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

/** What stands behind a colon: the one line or, if there are several, as `below`. */
export function few(texts: readonly string[]): string {
  const lines = shortLines(texts);
  return lines.length === 1 ? ` ${lines[0]}` : below(lines);
}

/** The first lines, each indented on its own, and how many more there are. */
export function below(texts: readonly string[]): string {
  const lines = shortLines(texts);
  const more = lines.length - mostLines;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return [...lines.slice(0, mostLines), ...rest].map((line) => `\n  ${line}`).join('');
}

function shortLines(texts: readonly string[]): string[] {
  return texts.flatMap(linesOf).map((line) => shorten(line.trim()));
}

function shorten(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}...` : line;
}
