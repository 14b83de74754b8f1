/**
 * `spillway flood`: which floods go on, and lifting by hand what is done against one.
 */
import { Command } from 'commander';
import { readConfig } from '../config/read.ts';
import { printable } from '../mail/printable.ts';
import type { JournalStore } from '../store/journal-store.ts';
import { openJournalForReading, openJournalStore } from '../store/open-journal.ts';
import { readIncidentId } from './choices.ts';
import { CommandError, exit } from './exit.ts';
import { printIncidents } from './journal-incidents.ts';
import { tellingJournal } from './journal-trouble.ts';
import { createOutput, type Output } from './output.ts';
import { storeUrlOf } from './store-url.ts';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

export function floodCommand(output: Output = createOutput()): Command {
  const command = new Command('flood').description(
    'Tell which floods go on, and lift what is done against them.',
  );
  command
    .command('list', { isDefault: true })
    .description('The floods that go on.')
    .option('--json', 'print one JSON document per line, times in UTC')
    .option('--config <file>', 'read this configuration')
    .action(({ config, json }: Options) =>
      tellingJournal(async () => {
        const { reader } = await openJournalForReading(storeUrlOf(await readConfig(config)));
        await using journal = reader;
        const open = (await journal?.incidents({ isOpen: true })) ?? [];
        if (open.length === 0 && !json) await output.line('No flood goes on.');
        else await printIncidents(open, json, output);
      }),
    );
  command
    .command('lift')
    .description('Lift the brakes of one flood; the running server hears of it within seconds.')
    .argument('<id>', 'such as 2006-09-05.1, or its link', readIncidentId)
    .option('--config <file>', 'read this configuration')
    .action((id: string, { config }: Options) =>
      tellingJournal(async () => {
        const url = storeUrlOf(await readConfig(config));
        const { where, reader } = await openJournalForReading(url);
        await reader?.[Symbol.asyncDispose]();
        if (!reader) throw new CommandError(`${printable(where)} does not exist`, exit.trouble);
        await using store = await openJournalStore(url);
        await lift(id, store, output);
      }),
    );
  return command;
}

async function lift(id: string, store: JournalStore, output: Output): Promise<void> {
  const isDone = await store.liftIncident(id);
  const [found] = await store.incidents({ id });
  if (isDone) {
    await output.line(
      `What is done against ${id} is lifted within seconds, and stays so as long as it goes on.`,
    );
    if (found && !found.isLifted)
      await output.line(`It is part of ${found.id}, and what is done against the rest goes on.`);
    return;
  }
  const why = found
    ? 'it is over, and nothing is done against it any more'
    : 'there is none of that name';
  throw new CommandError(`the incident ${id} cannot be lifted: ${why}`, exit.trouble);
}
