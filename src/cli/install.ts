/**
 * `spillway install`: puts the guard into a mail server's configuration, proves it, takes it out.
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  failureModes,
  type GuardSettings,
  parseSendmailEndpoint,
} from '../foreign/sendmail/guard-settings.ts';
import { hasTrouble, type Report, type Step } from '../install/report.ts';
import { applyChange, removeChange, showChange } from '../install/sendmail-change.ts';
import { proveGuard } from '../install/sendmail-proof.ts';
import type { SendmailOptions } from '../install/sendmail-scene.ts';
import { openRoot } from '../machine/root.ts';
import { printable } from '../mail/printable.ts';
import { CommandError, exit } from './exit.ts';
import { createOutput, jsonLine, type Output, type Style } from './output.ts';

interface Options extends Partial<GuardSettings> {
  readonly mc?: string;
  readonly cf?: string;
  readonly root?: string;
  readonly apply?: true;
  readonly remove?: true;
  readonly test?: true;
  readonly json?: true;
}

export function installCommand(): Command {
  return new Command('install')
    .description('Put the guard into the configuration of a mail server.')
    .addCommand(sendmailCommand());
}

function sendmailCommand(): Command {
  return new Command('sendmail')
    .description(
      'Show, write, prove or take out what makes sendmail ask the guard. Without --apply, --remove or --test nothing is changed.',
    )
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .option('--apply', 'write the change, with a copy of each file beside it')
    .option('--remove', 'take the change out, to the byte')
    .option('--test', 'prove it with the sendmail binary and the running guard')
    .option('--mc <file>', 'the m4 source (default: found)')
    .option('--cf <file>', 'sendmail.cf; without --mc it is changed itself')
    .option('--root <folder>', "the root of another machine's files; its programs run by chroot(8)")
    .option('--socketmap <endpoint>', 'the guard: host:port or unix:/path', readEndpoint)
    .option('--milter <endpoint>', 'the guard: host:port or unix:/path', readEndpoint)
    .addOption(
      new Option(
        '--on-failure <mode>',
        'while the guard does not answer: open lets mail pass (default), closed lets it wait',
      ).choices(failureModes),
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExit status: 0 well, 1 found trouble, 2 wrong usage, 75 the guard does not answer.',
    )
    .action(async (options: Options) => {
      const report = await run(options);
      const output = createOutput();
      if (options.json) await output.line(jsonLine(report));
      else for (const line of formatReport(report, output)) await output.line(line);
      process.exitCode = statusOf(report.steps);
    });
}

function readEndpoint(text: string): string {
  if (parseSendmailEndpoint(text)) return text;
  throw new CommandError(
    `expected an IP address with a port, such as 127.0.0.1:9997 or [::1]:9997, or unix:/path, found ${printable(JSON.stringify(text), 80)}`,
  );
}

async function run(options: Options): Promise<Report> {
  const { apply, remove, test, socketmap, milter, onFailure } = options;
  if ([apply, remove, test].filter(Boolean).length > 1)
    throw new CommandError('only one of --apply, --remove and --test at a time');
  const settings = {
    ...(socketmap === undefined ? {} : { socketmap }),
    ...(milter === undefined ? {} : { milter }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
  if (remove && Object.keys(settings).length > 0)
    throw new CommandError('--remove takes out what is there, whatever its endpoints');
  const asked: SendmailOptions = {
    root: openRoot(resolve(options.root ?? '/')),
    ...(options.mc === undefined ? {} : { mc: resolve('/', options.mc) }),
    ...(options.cf === undefined ? {} : { cf: resolve('/', options.cf) }),
    settings,
  };
  if (apply) return await applyChange(asked);
  if (remove) return await removeChange(asked);
  if (test) return await proveGuard(asked);
  return await showChange(asked);
}

const signs: Readonly<Record<Step['outcome'], readonly [sign: string, style: Style]>> = {
  well: ['ok', 'green'],
  note: ['--', 'dim'],
  trouble: ['!!', 'red'],
  waiting: ['??', 'yellow'],
};

function formatReport(report: Report, { style }: Output): string[] {
  const { steps, changes, meaning, written, next } = report;
  const lines = steps.flatMap(({ name, outcome, found }) => {
    const [sign, colour] = signs[outcome];
    const [first = '', ...more] = found.split('\n').map((line) => printable(line));
    return [`${style(colour, sign)}  ${name}: ${first}`, ...more.map((line) => `    ${line}`)];
  });
  if (changes.length > 0 && !written && !hasTrouble(steps)) {
    for (const { path, diff } of changes)
      if (diff === null) lines.push('', `${path} is made anew.`);
      else lines.push('', ...diff.split('\n').map((line) => style(styleOf(line), shown(line))));
    lines.push(...meaning.flatMap((sentence) => ['', sentence]), '', 'Nothing was changed.');
  }
  if (next.length > 0) lines.push('', 'Next:', ...next.map((command) => `  ${command}`));
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
