/**
 * `spillway check`: what the mail servers of this machine would do today. It changes and sends nothing.
 */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigError, parseConfig, readConfig, systemConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { type Mta, mtas } from '../foreign/queue-entry.ts';
import { checkServers } from '../install/check/check-servers.ts';
import type { CheckModes } from '../install/check/server-check.ts';
import { outside, type Root } from '../machine/root.ts';
import { findingsOf } from './check-findings.ts';
import { formatServer } from './check-text.ts';
import { oneOf } from './choices.ts';
import { CommandError, exit } from './exit.ts';
import { openMachine } from './machine-option.ts';
import { createOutput, jsonLine, type Output } from './output.ts';

interface Options {
  readonly mta?: Mta;
  readonly root?: string;
  readonly config?: string;
  readonly json?: true;
}

const help = `
For each server that is found: whether it asks the guard, what it would do with a failure notice to a
domain whose MX is 127.0.0.1 and to one that takes no mail, what it says to an unknown recipient at the
domains it hosts, and what to change. Nothing is changed, and no mail is sent: the server is asked by its
own programs, and at its door an envelope is begun and taken back.

Exit status: 0 well, 1 found trouble, 2 wrong usage.`;

export function checkCommand(output: Output = createOutput()): Command {
  return new Command('check')
    .description('Tell what the mail servers of this machine would do today with such a flood.')
    .option('--mta <name>', `only this server: ${mtas.join(', ')}`, oneOf(mtas))
    .option('--root <folder>', "the root of another machine's files; its programs run by chroot(8)")
    .option('--config <file>', "the guard's configuration, which tells whether it only watches")
    .option('--json', 'print one JSON document for each server')
    .addHelpText('after', help)
    .action(async ({ mta, root: folder, config, json }: Options) => {
      const root = openMachine(folder);
      const servers = await checkServers(root, mta ?? null, await modesOf(root, config));
      if (servers.length === 0)
        throw new CommandError(
          `there is no ${mta ?? 'sendmail, Postfix, Exim or OpenSMTPD'} here; --root names the root of another machine`,
          exit.trouble,
        );
      let isWell = true;
      for (const [i, server] of servers.entries()) {
        const findings = findingsOf(server);
        if (findings.some(({ outcome }) => outcome === 'trouble')) isWell = false;
        const lines = json
          ? [jsonLine({ ...server, findings })]
          : [...(i > 0 ? [''] : []), ...formatServer(server, findings, output)];
        for (const line of lines) await output.line(line);
      }
      process.exitCode = isWell ? exit.well : exit.trouble;
    });
}

/** `file`: of this machine, as it was typed; undefined: the usual one of the machine that is looked at. */
async function modesOf(root: Root, file: string | undefined): Promise<CheckModes> {
  try {
    const { checks } = await (file === undefined ? readUsualConfig(root) : readConfig(file));
    return { of: { notice: checks.notice.mode, recipient: checks.recipient.mode }, problem: null };
  } catch (error) {
    if (!(error instanceof ConfigError) || file !== undefined) throw error;
    return { of: null, problem: error.message };
  }
}

async function readUsualConfig(root: Root): Promise<Config> {
  if (root.folder === '/') return await readConfig(undefined);
  const file = outside(root, systemConfig);
  return existsSync(file) ? await readConfig(file) : parseConfig(Buffer.alloc(0), file);
}
