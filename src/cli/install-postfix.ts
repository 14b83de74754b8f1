/**
 * `spillway install postfix`: main.cf.
 */
import { type Command, Option } from 'commander';
import { type Hook, hooks, type PostfixGuardSettings } from '../foreign/postfix/guard-settings.ts';
import { postfixChange } from '../install/postfix-change.ts';
import { provePostfixGuard } from '../install/postfix-proof.ts';
import { printable } from '../mail/printable.ts';
import type { FoundJournal } from '../store/open-journal.ts';
import { CommandError } from './exit.ts';
import {
  type CommonOptions,
  endpointOption,
  given,
  serverCommand,
  typedPath,
} from './install-server.ts';

export interface PostfixCommandOptions {
  /** Opens the journal of the configuration in that file, or of the one found without a name. */
  readonly openStore: (configFile: string | undefined) => Promise<FoundJournal>;
}

interface Options extends Partial<PostfixGuardSettings>, Pick<CommonOptions, 'root'> {
  readonly configDir?: string;
  readonly config?: string;
}

export function postfixCommand({ openStore }: PostfixCommandOptions): Command {
  const receiptsAbout = async (file: string | undefined, domain: string) => {
    const { reader } = await openStore(file);
    await using journal = reader;
    return journal ? await Array.fromAsync(journal.read({ domain })) : [];
  };
  return serverCommand({
    name: 'postfix',
    title: 'Postfix',
    copies: 'a copy of main.cf beside it',
    proof: 'postmap, an SMTP session, a message that comes to nothing, and the running guard',
    options: [
      new Option('--hooks <list>', `of ${hooks.join(', ')} (default: milter,notices)`).argParser(
        readHooks,
      ),
      endpointOption('milter'),
      endpointOption('policy'),
      endpointOption('socketmap'),
      endpointOption('sink'),
      new Option('--config-dir <folder>', 'the instance (default: the default one)'),
      new Option('--config <file>', "the guard's configuration, for its journal"),
    ],
    installation: { ...postfixChange, prove: provePostfixGuard },
    settings: (own: Options) =>
      given(own, ['hooks', 'milter', 'policy', 'socketmap', 'sink', 'onFailure']),
    more: ({ configDir, config, root }: Options) => ({
      ...(configDir === undefined ? {} : { configFolder: typedPath(configDir, root) }),
      receiptsAbout: (domain: string) => receiptsAbout(config, domain),
    }),
  });
}

function readHooks(text: string): Hook[] {
  const told = text.split(',').map((word) => word.trim());
  const chosen = hooks.filter((hook) => told.includes(hook));
  if (told.every((word) => hooks.some((hook) => hook === word))) return chosen;
  throw new CommandError(
    `expected a list of ${hooks.join(', ')}, found ${printable(JSON.stringify(text), 80)}`,
  );
}
