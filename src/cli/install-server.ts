/**
 * What `spillway install SERVER` takes and does, whatever the server; install-SERVER.ts adds the rest.
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { parseGuardEndpoint } from '../foreign/guard-endpoint.ts';
import type { Installation, InstallOptions } from '../install/installation.ts';
import { type FailureMode, failureModes } from '../mail/failure-mode.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';
import { printReport } from './install-report.ts';
import { listenForInterruptions } from './interruptions.ts';
import { openMachine } from './machine-option.ts';
import { withSameOptions } from './same-options.ts';

/** Options that every server has. */
export interface CommonOptions {
  readonly root?: string;
  readonly apply?: true;
  readonly remove?: true;
  readonly test?: true;
  readonly json?: true;
  readonly onFailure?: FailureMode;
}

export interface ServerInstallation<Own, Settings, More> {
  /** As it is typed, and as it is told. */
  readonly name: string;
  readonly title: string;
  /** What is kept beside the change: `a copy of main.cf beside it`. */
  readonly copies: string;
  /** By what the change is proved: `postmap, an SMTP session and the running guard`. */
  readonly proof: string;
  /** Options that only this server has. */
  readonly options: readonly Option[];
  readonly installation: Installation<InstallOptions<Settings> & More>;
  /** Those of the settings that were given. */
  readonly settings: (own: Own) => Partial<Settings>;
  /** What else the installation is told: where files are. */
  readonly more: (own: Own) => More;
}

export function serverCommand<Own, Settings, More>(
  server: ServerInstallation<Own, Settings, More>,
): Command {
  const { name, title, copies, proof } = server;
  const command = new Command(name)
    .description(
      `Show, write, prove or take out what makes ${title} ask the guard. Without --apply, --remove or --test nothing is changed.`,
    )
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .option('--apply', `write the change, with ${copies}`)
    .option('--remove', 'take the change out, to the byte')
    .option('--test', `prove it with ${proof}`)
    .option(
      '--root <folder>',
      "the root of another machine's files; its programs run by chroot(8)",
    );
  for (const option of server.options) command.addOption(option);
  return command
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
    .action((options: CommonOptions & Own) => run(server, command, options));
}

/** An option that tells where the guard listens for one kind of question. */
export function endpointOption(name: string): Option {
  return new Option(`--${name} <endpoint>`, 'the guard: IP:port or unix:/path').argParser(
    readEndpoint,
  );
}

function readEndpoint(text: string): string {
  if (parseGuardEndpoint(text)) return text;
  throw new CommandError(
    `expected an IP address with a port, such as 127.0.0.1:9998 or [::1]:9998, or unix:/path, found ${printable(JSON.stringify(text), 80)}`,
  );
}

/** The options of these names, as far as they were given. */
export function given<T extends object, Name extends keyof T>(
  options: T,
  names: readonly Name[],
): Partial<Pick<T, Name>> {
  const chosen: Partial<Pick<T, Name>> = {};
  for (const name of names) if (options[name] !== undefined) chosen[name] = options[name];
  return chosen;
}

/** A path that was typed: on this machine from where the shell stands, on another one from its root. */
export function typedPath(path: string, root: string | undefined): string {
  return resolve(resolve(root ?? '/') === '/' ? '.' : '/', path);
}

async function run<Own, Settings, More>(
  server: ServerInstallation<Own, Settings, More>,
  command: Command,
  options: CommonOptions & Own,
): Promise<void> {
  const { apply, remove, test, json, root } = options;
  if ([apply, remove, test].filter(Boolean).length > 1)
    throw new CommandError('only one of --apply, --remove and --test at a time');
  const settings = server.settings(options);
  if (remove && Object.keys(settings).length > 0)
    throw new CommandError('--remove takes out what is there, whatever its endpoints');
  const asked = { root: openMachine(root), settings, ...server.more(options) };
  const { installation } = server;
  const what = apply ? 'apply' : remove ? 'remove' : test ? 'prove' : 'show';
  // What is begun is put in its place or taken back; programs that run hear of Ctrl-C themselves, and fail.
  using _stop =
    apply || remove
      ? listenForInterruptions(() =>
          process.stderr.write('spillway: ends once all is in its place, or as it was\n'),
        )
      : null;
  const report = await installation[what](asked);
  const next = withSameOptions(command, report.next);
  await printReport({ ...report, next }, json === true);
}
