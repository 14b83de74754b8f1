/**
 * `spillway rescue`: why a queue is full, and what helps. Nothing is touched without --apply.
 */
import { Command } from 'commander';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { mtas } from '../foreign/queue-entry.ts';
import { printable } from '../mail/printable.ts';
import { type Choice, numbersIn } from '../rescue/change/plan.ts';
import { parseWhere } from '../rescue/survey/where.ts';
import { oneOf } from './choices.ts';
import { CommandError, exit } from './exit.ts';
import { openMachine } from './machine-option.ts';
import { createOutput, type Output } from './output.ts';
import { collect, overridden } from './overrides.ts';
import { tellingFolders } from './queue-folder-trouble.ts';
import type { RescueOptions } from './rescue-options.ts';
import { chooseQueues } from './rescue-queues.ts';
import { rescueQueue } from './rescue-run.ts';
import { createGuard } from './wiring.ts';

const help = `
Without --apply nothing is changed. With it, entries are copied whole into an archive before they
are removed by the server's own means; "spillway undo" puts them back. --where takes terms that
must all fit: sender= recipient= domain= client= id= kind= reason= state= age> age< size> size<,
with * for anything: --where 'sender=<> domain=seaton.biz age>2h'.

Exit status: 0 well, 1 not all could be done, 2 wrong usage.`;

export function rescueCommand(output: Output = createOutput()): Command {
  return new Command('rescue')
    .description('Explain a drowned queue of this machine, and drain it while the server runs.')
    .option('--mta <name>', `only this server: ${mtas.join(', ')}`, oneOf(mtas))
    .option('--queue <folder>', 'this queue, also a copy or that of a server that is stopped')
    .option('--root <folder>', "the root of another machine's files; its programs run by chroot(8)")
    .option('--stopped', 'no server works on the folder of --queue: it may be changed without one')
    .option('--cause <cause>', 'only this cause, by number or name; may be given again', collect)
    .option('--where <terms>', 'only entries that fit, see below')
    .option('--apply', 'carry out what is proposed')
    .option('--hold', 'hold what would be removed')
    .option('--purge', 'remove what --cause or --where names, whatever is proposed')
    .option('--watch', 'stay and look again and again; with --apply drain what comes')
    .option('--json', 'print one JSON document for each queue')
    .option('--dns <host:port>', 'ask this name server instead of the configured ones', collect)
    .option('--public <cidr>', 'count the addresses of this network as public', collect)
    .option('--config <file>', 'read this configuration')
    .addHelpText('after', help)
    .action(async (options: RescueOptions) => {
      const choice = readChoice(options);
      checkWhere(options.where);
      const root = openMachine(options.root);
      const { mta = null, queue = null, stopped = false } = options;
      const servers = await tellingFolders(() => chooseQueues({ root, mta, queue, stopped }));
      if (options.watch && servers.length > 1)
        throw new CommandError(
          `--watch stays with one queue, and there are several: ${servers.map(({ queue }) => printable(queue)).join(', ')}. Name one with --queue`,
        );
      if (servers.length > 1 && numbersIn(choice).length > 0)
        throw new CommandError(
          `--cause ${numbersIn(choice).join(', ')}: each queue counts its own causes, and there are several: ${servers.map(({ queue }) => printable(queue)).join(', ')}. Name one with --queue, or the cause by its name`,
        );
      const config = enforced(overridden(await readConfig(options.config), options));
      await using guard = await createGuard(config, {
        hosted: null,
        record() {},
        kept: async () => {},
        onFault(fault) {
          throw fault;
        },
      });
      const { judge } = guard;
      let isWell = true;
      for (const server of servers) {
        const parts = { server, options, choice, config, judge, output };
        isWell = (await rescueQueue(parts)) && isWell;
      }
      process.exitCode = isWell ? exit.well : exit.trouble;
    });
}

function readChoice({ cause, where, hold, purge, stopped, queue }: RescueOptions): Choice {
  if (hold && purge) throw new CommandError('only one of --hold and --purge at a time');
  if (purge && cause === undefined && where === undefined)
    throw new CommandError('--purge needs --cause or --where: it removes wanted mail as well');
  if (purge && cause?.some((text) => /^\d+$/.test(text)))
    throw new CommandError(
      '--purge wants the names of causes: since you looked, a number may have become that of wanted mail',
    );
  if (stopped && queue === undefined)
    throw new CommandError(
      '--stopped goes with --queue: it speaks of a folder that no server uses',
    );
  const isForced = purge && cause === undefined;
  return {
    // Whatever --where leaves, every cause of it is meant.
    causes: isForced ? 'all' : (cause ?? 'proposed'),
    action: hold ? 'hold' : purge ? 'purge' : null,
  };
}

function checkWhere(text: string | undefined): void {
  if (text === undefined) return;
  const read = parseWhere(text);
  if (read.kind === 'fault') throw new CommandError(`--where: ${read.problem}`);
}

/** A check that the server is to watch only would have no verdict, and the rescue nothing to tell. */
function enforced(config: Config): Config {
  const check = { mode: 'enforce', onFailure: 'closed' } as const;
  const { checks } = config;
  return {
    ...config,
    checks: { ...checks, sender: check, recipient: check, notice: check },
  };
}
