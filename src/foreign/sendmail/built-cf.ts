/**
 * Is the sendmail.cf that m4 made the old one, with the guard's lines and nothing else?
 *
 * m4 tells of little: a quote left open in sendmail.mc, or a definition with the name of a word of
 * ours, makes another file without a word. So what came out is compared with what went in.
 */
import { commandLines, readCf } from './cf-facts.ts';
import { filterEquates, filterName, mapLines, rulesetLines, waitRule } from './guard-rules.ts';
import type { GuardSettings } from './guard-settings.ts';

/** What differs beyond the guard's lines, in sentences; empty if all is well. */
export function compareBuilt(
  before: string,
  after: string,
  settings: GuardSettings | null,
): string[] {
  const ours = settings === null ? [] : linesOf(settings);
  const { lost, gained } = compareCommands(commandLines(before), commandLines(after));
  const expected = new Set(ours);
  const missing = ours.filter((line) => !gained.includes(line));
  const filters = settings === null ? [] : [filterName];
  const wanted = [...readCf(before).inputFilters, ...filters].join(', ');
  const found = readCf(after).inputFilters.join(', ');
  return [
    ...missing.map((line) => `missing: ${line}`),
    ...lost.filter((line) => !isFilterList(line)).map((line) => `lost: ${line}`),
    ...gained
      .filter((line) => !expected.has(line) && !isFilterList(line))
      .map((line) => `not ours: ${line}`),
    ...(wanted === found ? [] : [`filters: expected ${wanted}, found ${found || 'none'}`]),
  ];
}

/** Lines that only one of two files has, each as often as it has them more. */
export function compareCommands(
  before: readonly string[],
  after: readonly string[],
): { lost: string[]; gained: string[] } {
  const counts = new Map<string, number>();
  for (const line of before) counts.set(line, (counts.get(line) ?? 0) + 1);
  const gained: string[] = [];
  for (const line of after) {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    else gained.push(line);
  }
  return { lost: [...counts].flatMap(([line, left]) => Array<string>(left).fill(line)), gained };
}

function linesOf(settings: GuardSettings): string[] {
  return [
    ...mapLines(settings),
    ...rulesetLines(settings),
    ...(settings.onFailure === 'closed' ? [waitRule] : []),
    `X${filterName}, ${filterEquates(settings)}`,
  ].filter((line) => !line.startsWith('#'));
}

/** Milter options appear once there is a filter at all. */
function isFilterList(line: string): boolean {
  return /^O\s+(InputMailFilters|Milter\.)/i.test(line);
}
