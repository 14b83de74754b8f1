/**
 * What `spillway check` says to people.
 */
import type { ServerCheck } from '../install/check/server-check.ts';
import { printable } from '../mail/printable.ts';
import type { Finding } from './check-findings.ts';
import type { Output, Style } from './output.ts';

const signs: Readonly<Record<Finding['outcome'], readonly [sign: string, style: Style]>> = {
  well: ['ok', 'green'],
  note: ['--', 'dim'],
  trouble: ['!!', 'red'],
};

export function formatServer(
  { title, isRunning, configuration }: ServerCheck,
  findings: readonly Finding[],
  { style }: Output,
): string[] {
  const where = configuration ?? 'no configuration found';
  const heading = `${title}, ${isRunning ? 'running' : 'not running'}, ${where}`;
  const lines = [style('bold', printable(heading)), ''];
  for (const { about, outcome, found, because, cures } of findings) {
    const [sign, colour] = signs[outcome];
    const subject = about === 'guard' || about === 'server' ? `the ${about}: ` : '';
    lines.push(`${style(colour, sign)}  ${subject}${printable(found)}`);
    for (const text of because.flatMap((one) => one.split('\n')))
      lines.push(`    ${printable(text)}`);
    for (const [i, cure] of cures.entries())
      for (const [j, step] of cure.entries())
        lines.push(`    ${j > 0 ? 'and' : i > 0 ? 'or' : 'do'}: ${printable(step)}`);
  }
  return lines;
}
