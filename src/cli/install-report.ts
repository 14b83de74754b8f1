/**
 * What `spillway install` did and found, for people or as JSON; the same for every mail server.
 */
import { hasTrouble, type Report, type Step } from '../install/report.ts';
import { printable } from '../mail/printable.ts';
import { exit } from './exit.ts';
import { createOutput, jsonLine, type Output, type Style } from './output.ts';

/** Prints it, and sets the exit status. */
export async function printReport(report: Report, isJson: boolean): Promise<void> {
  const output = createOutput();
  if (isJson) await output.line(jsonLine(report));
  else for (const line of formatReport(report, output)) await output.line(line);
  process.exitCode = statusOf(report.steps);
}

const signs: Readonly<Record<Step['outcome'], readonly [sign: string, style: Style]>> = {
  well: ['ok', 'green'],
  note: ['--', 'dim'],
  trouble: ['!!', 'red'],
  waiting: ['??', 'yellow'],
};

/** For people, without what a terminal could obey. */
export function formatReport(report: Report, { style }: Pick<Output, 'style'>): string[] {
  const { steps, changes, meaning, written, next } = report;
  const lines = steps.flatMap(({ name, outcome, found }) => {
    const [sign, colour] = signs[outcome];
    const [first = '', ...more] = found.split('\n').map((line) => printable(line));
    return [
      `${style(colour, sign)}  ${printable(name)}: ${first}`,
      ...more.map((line) => `    ${line}`),
    ];
  });
  if (changes.length > 0 && !written && !hasTrouble(steps)) {
    for (const { path, diff } of changes)
      if (diff === null) lines.push('', `${printable(path)} is made anew.`);
      else lines.push('', ...diff.split('\n').map((line) => style(styleOf(line), shown(line))));
    lines.push(
      ...meaning.flatMap((sentence) => ['', printable(sentence)]),
      '',
      'Nothing was changed.',
    );
  }
  if (next.length > 0) lines.push('', 'Next:', ...next.map((command) => `  ${printable(command)}`));
  return lines;
}

/** Tabs matter in these files. */
function shown(line: string): string {
  return line
    .split('\t')
    .map((part) => printable(part))
    .join('\t');
}

function styleOf(line: string): Style {
  if (/^(---|\+\+\+) /.test(line)) return 'bold';
  if (line.startsWith('+')) return 'green';
  if (line.startsWith('-')) return 'red';
  return line.startsWith('@@') ? 'cyan' : 'reset';
}

function statusOf(steps: readonly Step[]): number {
  if (hasTrouble(steps)) return exit.trouble;
  return steps.some(({ outcome }) => outcome === 'waiting') ? exit.tryAgain : exit.well;
}
