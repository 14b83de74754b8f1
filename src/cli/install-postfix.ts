/**
 * `spillway install postfix`: puts the guard into Postfix's main.cf, proves it, takes it out.
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  failureModes,
  type Hook,
  hooks,
  type PostfixGuardSettings,
  parsePostfixEndpoint,
} from '../foreign/postfix/guard-settings.ts';
import {
  applyPostfixChange,
  removePostfixChange,
  showPostfixChange,
} from '../install/postfix-change.ts';
import { provePostfixGuard } from '../install/postfix-proof.ts';
import type { PostfixOptions } from '../install/postfix-scene.ts';
import type { Report } from '../install/report.ts';
import { openRoot } from '../machine/root.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';
import { printReport } from './install-report.ts';

interface Options extends Partial<PostfixGuardSettings> {
  readonly root?: string;
  readonly apply?: true;
  readonly remove?: true;
  readonly test?: true;
  readonly json?: true;
}

export function postfixCommand(): Command {
  return new Command('postfix')
    .description(
      'Show, write, prove or take out what makes Postfix ask the guard. Without --apply, --remove or --test nothing is changed.',
    )
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .option('--apply', 'write the change, with a copy of main.cf beside it')
    .option('--remove', 'take the change out, to the byte')
    .option('--test', 'prove it with postmap, an SMTP session and the running guard')
    .option('--root <folder>', "the root of another machine's files; its programs run by chroot(8)")
    .option('--hooks <list>', `of ${hooks.join(', ')} (default: milter,notices)`, readHooks)
    .option('--milter <endpoint>', 'the guard: host:port or unix:/path', readEndpoint)
    .option('--policy <endpoint>', 'the guard: host:port or unix:/path', readEndpoint)
    .option('--socketmap <endpoint>', 'the guard: host:port or unix:/path', readEndpoint)
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
  if (parsePostfixEndpoint(text)) return text;
  throw new CommandError(
    `expected an IP address with a port, such as 127.0.0.1:9998 or [::1]:9998, or unix:/path, found ${printable(JSON.stringify(text), 80)}`,
  );
}

function readHooks(text: string): Hook[] {
  const told = text.split(',').map((word) => word.trim());
  const chosen = hooks.filter((hook) => told.includes(hook));
  if (told.every((word) => hooks.some((hook) => hook === word))) return chosen;
  throw new CommandError(
    `expected a list of ${hooks.join(', ')}, found ${printable(JSON.stringify(text), 80)}`,
  );
}

async function run(options: Options): Promise<Report> {
  const { apply, remove, test, milter, policy, socketmap, onFailure } = options;
  if ([apply, remove, test].filter(Boolean).length > 1)
    throw new CommandError('only one of --apply, --remove and --test at a time');
  const settings = {
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    ...(milter === undefined ? {} : { milter }),
    ...(policy === undefined ? {} : { policy }),
    ...(socketmap === undefined ? {} : { socketmap }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
  if (remove && Object.keys(settings).length > 0)
    throw new CommandError('--remove takes out what is there, whatever its endpoints');
  const asked: PostfixOptions = { root: openRoot(resolve(options.root ?? '/')), settings };
  if (apply) return await applyPostfixChange(asked);
  if (remove) return await removePostfixChange(asked);
  if (test) return await provePostfixGuard(asked);
  return await showPostfixChange(asked);
}
