/**
 * `spillway install postfix`: main.cf.
 */
import { type Command, Option } from 'commander';
import { type Hook, hooks, type PostfixGuardSettings } from '../foreign/postfix/guard-settings.ts';
import {
  applyPostfixChange,
  removePostfixChange,
  showPostfixChange,
} from '../install/postfix-change.ts';
import { provePostfixGuard } from '../install/postfix-proof.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';
import { endpointOption, given, serverCommand } from './install-server.ts';

export function postfixCommand(): Command {
  return serverCommand({
    name: 'postfix',
    title: 'Postfix',
    copies: 'a copy of main.cf beside it',
    proof: 'postmap, an SMTP session and the running guard',
    options: [
      new Option('--hooks <list>', `of ${hooks.join(', ')} (default: milter,notices)`).argParser(
        readHooks,
      ),
      endpointOption('milter'),
      endpointOption('policy'),
      endpointOption('socketmap'),
    ],
    installation: {
      show: showPostfixChange,
      apply: applyPostfixChange,
      remove: removePostfixChange,
      prove: provePostfixGuard,
    },
    settings: (own: Partial<PostfixGuardSettings>) =>
      given(own, ['hooks', 'milter', 'policy', 'socketmap', 'onFailure']),
    more: () => ({}),
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
