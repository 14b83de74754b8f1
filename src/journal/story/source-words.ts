/**
 * What could not be read of logs, in words.
 */
import { formatCount, formatNumber } from '../../mail/amounts.ts';
import { printable } from '../../mail/printable.ts';
import type { SourceReport } from './log-source.ts';

const shownProblems = 5;
const shownSilent = 10;

/** One sentence each; none where all was read. What strangers wrote is made harmless. */
export function troublesOf(sources: readonly SourceReport[]): string[] {
  const silent = sources.filter(({ events, trouble }) => events === 0 && trouble === null);
  return [
    ...sources.flatMap(troubleOf),
    ...silent.slice(0, shownSilent).map(silenceOf),
    ...(silent.length > shownSilent
      ? [`${formatCount(silent.length - shownSilent, 'other log')} without a word of mail`]
      : []),
  ];
}

function troubleOf({ name, trouble, unreadable, lines }: SourceReport): string[] {
  const file = printable(name, 200);
  const told: string[] = [];
  if (trouble !== null)
    told.push(`${file}: ${printable(trouble)}${lines > 0 ? '; told as far as it goes' : ''}`);
  const largest = unreadable.toSorted((a, b) => b.count - a.count);
  for (const { problem, count, lines: numbers } of largest.slice(0, shownProblems)) {
    const which = `${count > numbers.length ? 'such as ' : ''}${count > 1 ? 'lines' : 'line'} ${numbers.map(formatNumber).join(', ')}`;
    told.push(`${file}: ${formatCount(count, 'line')} with ${problem} (${which})`);
  }
  return told;
}

function silenceOf({ name, lines }: SourceReport): string {
  const what =
    lines === 0 ? 'it is empty' : `no word of a known mail server in ${formatCount(lines, 'line')}`;
  return `${printable(name, 200)}: ${what}`;
}
