/**
 * `spillway install sendmail`: sendmail.mc, or sendmail.cf itself.
 */
import { type Command, Option } from 'commander';
import type { GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import { sendmailChange } from '../install/sendmail-change.ts';
import { proveSendmailGuard } from '../install/sendmail-proof.ts';
import {
  type CommonOptions,
  endpointOption,
  given,
  serverCommand,
  typedPath,
} from './install-server.ts';

interface Options extends Partial<GuardSettings>, Pick<CommonOptions, 'root'> {
  readonly mc?: string;
  readonly cf?: string;
}

export function sendmailCommand(): Command {
  return serverCommand({
    name: 'sendmail',
    title: 'sendmail',
    copies: 'a copy of each file beside it',
    proof: 'the sendmail binary and the running guard',
    options: [
      new Option('--mc <file>', 'the m4 source (default: found)'),
      new Option('--cf <file>', 'sendmail.cf; without --mc it is changed itself'),
      endpointOption('socketmap'),
      endpointOption('milter'),
    ],
    installation: { ...sendmailChange, prove: proveSendmailGuard },
    settings: (own: Options) => given(own, ['socketmap', 'milter', 'onFailure']),
    more: ({ mc, cf, root }: Options) => ({
      ...(mc === undefined ? {} : { mc: typedPath(mc, root) }),
      ...(cf === undefined ? {} : { cf: typedPath(cf, root) }),
    }),
  });
}
