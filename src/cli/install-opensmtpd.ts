/**
 * `spillway install opensmtpd`: smtpd.conf.
 */
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import type { SmtpdGuardSettings } from '../foreign/opensmtpd/guard-lines.ts';
import { smtpdChange } from '../install/opensmtpd-change.ts';
import { proveSmtpdGuard } from '../install/opensmtpd-proof.ts';
import {
  type CommonOptions,
  endpointOption,
  given,
  serverCommand,
  typedPath,
} from './install-server.ts';

interface Own extends Partial<SmtpdGuardSettings>, Pick<CommonOptions, 'root'> {
  readonly config?: string;
}

export function opensmtpdCommand(): Command {
  return serverCommand({
    name: 'opensmtpd',
    title: 'OpenSMTPD',
    copies: 'a copy of smtpd.conf beside it',
    proof: 'smtpd -n, SMTP sessions and the running guard',
    options: [
      endpointOption('filter'),
      new Option('--config <file>', 'smtpd.conf, where it is not at one of the usual places'),
      new Option('--program <file>', 'what smtpd starts (default: this very program)'),
    ],
    installation: { ...smtpdChange, prove: proveSmtpdGuard },
    settings: (own: Own) => ({
      ...given(own, ['filter', 'onFailure']),
      ...(own.program === undefined ? {} : { program: typedPath(own.program, own.root) }),
    }),
    more: ({ config, root }: Own) => ({
      config: config === undefined ? null : typedPath(config, root),
      ownProgram: fileURLToPath(new URL('../../bin/spillway', import.meta.url)),
    }),
  });
}
