/**
 * `spillway install`: puts the guard into a mail server's configuration, proves it, takes it out.
 */
import { Command } from 'commander';
import { eximCommand } from './install-exim.ts';
import { opensmtpdCommand } from './install-opensmtpd.ts';
import { type PostfixCommandOptions, postfixCommand } from './install-postfix.ts';
import { sendmailCommand } from './install-sendmail.ts';

export function installCommand(options: PostfixCommandOptions): Command {
  return new Command('install')
    .description('Put the guard into the configuration of a mail server.')
    .addCommand(sendmailCommand())
    .addCommand(postfixCommand(options))
    .addCommand(eximCommand())
    .addCommand(opensmtpdCommand());
}
