/**
 * `spillway COMMAND`: joins the commands, and ends them with a message and a status.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError, readConfig } from '../config/read.ts';
import { printable } from '../mail/printable.ts';
import { type FoundJournal, openJournalForReading } from '../store/open-journal.ts';
import { CommandError, exit } from './exit.ts';
import { storeUrlOf } from './store-url.ts';

const openStore = async (file: string | undefined): Promise<FoundJournal> =>
  openJournalForReading(storeUrlOf(await readConfig(file)));

/** Only the one that is typed is loaded: the others would cost it time and memory. */
const commands: { readonly [name: string]: () => Promise<Command> } = {
  run: async () => (await import('./run.ts')).runCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  journal: async () => (await import('./journal.ts')).journalCommand({ openStore }),
  story: async () => (await import('./story.ts')).storyCommand({ openStore }),
  rescue: async () => (await import('./rescue.ts')).rescueCommand(),
  undo: async () => (await import('./undo.ts')).undoCommand(),
  queue: async () => (await import('./queue.ts')).queueCommand(),
  flood: async () => (await import('./flood.ts')).floodCommand(),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  install: async () => (await import('./install.ts')).installCommand({ openStore }),
  password: async () => (await import('./password.ts')).passwordCommand(),
};

const program = new Command('spillway')
  .description(
    'Keeps a mail server from drowning in bounces, loops and mail that nobody can receive.',
  )
  .version(versionOf())
  .addHelpText(
    'after',
    '\nExit status: 0 well, 1 found trouble, 2 wrong usage or configuration, 75 try again.',
  );
const [, , typed = ''] = process.argv;
for (const load of Object.hasOwn(commands, typed) ? [commands[typed]] : Object.values(commands))
  if (load) program.addCommand(await load());
for (const command of allOf(program))
  command
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({ outputError: (text, write) => write(printableLines(text)) });

// `spillway journal | head` ends when head has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exit.well);
  process.stderr.write(`spillway: the output cannot be written: ${error.message}\n`);
  process.exit(exit.trouble);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/** Tells the error on stderr and gives the exit status. */
function tell(error: unknown): number {
  // commander has written its message, or the help that was asked for, already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.well : exit.usage;
  if (error instanceof ConfigError) {
    process.stderr.write(`spillway: the configuration cannot be used\n${error.message}\n`);
    return exit.usage;
  }
  if (error instanceof CommandError) {
    process.stderr.write(`spillway: ${printableLines(error.message)}\n`);
    return error.status;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `spillway: a fault of its own, please report it\n${printableLines(trace)}\n`,
  );
  return exit.trouble;
}

/** Errors quote paths, options and texts of strangers; only their line ends are ours. */
function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}

function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version;
}
