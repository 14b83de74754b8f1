/**
 * `spillway install exim`: the ACLs and the routers, wherever they stand.
 */
import { type Command, Option } from 'commander';
import type { EximGuard } from '../foreign/exim/guard-lines.ts';
import { eximChange } from '../install/exim-change.ts';
import { proveEximGuard } from '../install/exim-proof.ts';
import {
  type CommonOptions,
  endpointOption,
  given,
  serverCommand,
  typedPath,
} from './install-server.ts';

interface Options extends Partial<EximGuard>, Pick<CommonOptions, 'root'> {
  readonly config?: string;
}

export function eximCommand(): Command {
  return serverCommand({
    name: 'exim',
    title: 'Exim',
    copies: 'a copy of each file beside it',
    proof: 'Exim itself, an SMTP session and the running guard',
    options: [
      new Option('--config <file>', 'what the daemon is given by -C (default: as Exim tells)'),
      endpointOption('readsocket'),
    ],
    installation: { ...eximChange, prove: proveEximGuard },
    settings: (own: Options) => given(own, ['readsocket', 'onFailure']),
    more: ({ config, root }: Options) =>
      config === undefined ? {} : { config: typedPath(config, root) },
  });
}
