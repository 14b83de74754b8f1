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
import type { Report } from '../install/report.ts';
import { applyChange, removeChange, showChange } from '../install/sendmail-change.ts';
import { proveGuard } from '../install/sendmail-proof.ts';
import type { SendmailOptions } from '../install/sendmail-scene.ts';
import { openRoot } from '../machine/root.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';
import { postfixCommand } from './install-postfix.ts';
import { printReport } from './install-report.ts';

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
    .addCommand(sendmailCommand())
    .addCommand(postfixCommand());
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
      await printReport(await run(options), options.json === true);
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
