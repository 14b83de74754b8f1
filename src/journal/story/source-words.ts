/**
 * What could not be read of logs, or stands in several, in words.
 */
import { formatCount, formatNumber } from '../../mail/amounts.ts';
import { printable } from '../../mail/printable.ts';
import type { SourceReport } from './log-source.ts';
import type { Story } from './tell.ts';

const shownProblems = 5;
const shownSilent = 10;

/** One sentence each; none where all was read. What strangers wrote is made harmless. */
export function troublesOf({ of, sources }: Pick<Story, 'of' | 'sources'>): string[] {
  if (of === 'journal') return [];
  const silent = sources.filter(({ events, trouble }) => events === 0 && trouble === null);
  return [
    ...sources.flatMap(troubleOf),
    ...silent.slice(0, shownSilent).flatMap(silenceOf),
    ...(silent.length > shownSilent
      ? [`${formatCount(silent.length - shownSilent, 'other log')} without a word of mail`]
      : []),
  ];
}

/** As it was asked for. */
export function sourceName(name: string): string {
  return name === '-' ? 'what came by stdin' : printable(name, 200);
}

function troubleOf({ name, trouble, unreadable, lines, doubled }: SourceReport): string[] {
  const file = sourceName(name);
  const told: string[] = [];
  if (doubled > 0)
    told.push(`${file}: ${formatCount(doubled, 'line')} that another log holds as well, told once`);
  if (trouble !== null)
    told.push(`${file}: ${printable(trouble)}${lines > 0 ? '; told as far as it goes' : ''}`);
  const largest = unreadable.toSorted((a, b) => b.count - a.count);
  for (const { problem, count, lines: numbers } of largest.slice(0, shownProblems)) {
    const which = `${count > numbers.length ? 'such as ' : ''}${count > 1 ? 'lines' : 'line'} ${numbers.map(formatNumber).join(', ')}`;
    told.push(`${file}: ${formatCount(count, 'line')} with ${problem} (${which})`);
  }
  return told;
}

/** Of lines that cannot be read it was told already what they are. */
function silenceOf({ name, lines, unreadable }: SourceReport): string[] {
  const file = sourceName(name);
  if (lines === 0) return [`${file}: it is empty`];
  const unread = unreadable.reduce((sum, { count }) => sum + count, 0);
  const others = lines - unread;
  if (others <= 0) return [];
  const which = unread > 0 ? formatCount(others, 'other line') : formatCount(lines, 'line');
  return [`${file}: nothing that a known mail server said of its mail in ${which}`];
}
