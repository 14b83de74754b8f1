/**
 * `spillway story`: the logs of mail servers, read for whoever has to know what happened.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import {
  type LogFile,
  LogFileError,
  openLogFile,
  streamedLogFile,
  unopenedLogFile,
} from '../journal/story/log-file.ts';
import { type Story, type StoryOptions, tellJournal, tellStory } from '../journal/story/tell.ts';
import { formatSize } from '../mail/amounts.ts';
import { printable } from '../mail/printable.ts';
import type { FoundJournal } from '../store/open-journal.ts';
import { createIncidentFinder } from '../verdict/flood/incident-finder.ts';
import { CommandError, exit } from './exit.ts';
import { tellingJournal } from './journal-trouble.ts';
import { createOutput, jsonLine, type Output } from './output.ts';
import { createProgressLine } from './progress.ts';
import { storyDocument } from './story-json.ts';
import { checkPage, readPagePath, writePage } from './story-page.ts';
import { formatStory } from './story-text.ts';
import { addTimeOptions, spanOf, type TimeOptions } from './time-options.ts';

export interface StoryCommandOptions {
  /** As of `spillway journal`. */
  readonly openStore: (configFile: string | undefined) => Promise<FoundJournal>;
  readonly output?: Output;
  /** ms since 1970. */
  readonly now?: () => number;
}

interface Options extends TimeOptions {
  readonly json?: true;
  readonly html?: string;
  readonly config?: string;
}

const help = `
Logs of sendmail, Postfix, Exim, OpenSMTPD and Spillway: syslog of any form, Exim's main log, the
journal by "journalctl -o export"; plain, gzip or zstd; several at once, in any order; - is stdin.
Without FILE the journal of Spillway is told. Times are local unless they name a zone.

Exit status: 0 no incident, 1 incidents found, 2 wrong usage, or nothing could be read.`;

/** Octets from which on threads are worth their start. */
const largeEnough = 8 << 20;

export function storyCommand({
  openStore,
  output = createOutput(),
  now = Date.now,
}: StoryCommandOptions): Command {
  const command = new Command('story')
    .description('Read the logs of mail servers, and tell the incidents in them.')
    .argument('[file...]', 'logs');
  return addTimeOptions(command, now)
    .option('--json', 'print one JSON document')
    .option('--html <file>', 'write one page with charts', readPagePath)
    .option('--config <file>', 'read this configuration, for the journal')
    .addHelpText('after', help)
    .action(async (paths: readonly string[], options: Options) => {
      const finder = createIncidentFinder();
      const span = spanOf(options);
      if (options.html !== undefined) await checkPage(options.html);
      const story =
        paths.length === 0
          ? await ofJournal(openStore, options, { finder, ...span })
          : await ofLogs(paths, { finder, now: now(), ...span });
      if (options.html !== undefined) await writePage(options.html, story);
      if (options.json) await output.line(jsonLine(storyDocument(story)));
      else if (options.html === undefined)
        for (const line of formatStory(story, output, widthOf())) await output.line(line);
      const isUnread = story.sources.every(
        ({ trouble, events, unreadable }) =>
          events === 0 && (trouble !== null || unreadable.length > 0),
      );
      if (isUnread && paths.length > 0) process.exitCode = exit.usage;
      else process.exitCode = story.incidents.length > 0 ? exit.trouble : exit.well;
    });
}

async function ofLogs(
  paths: readonly string[],
  options: Omit<StoryOptions, 'files' | 'threads' | 'onProgress'>,
): Promise<Story> {
  const files = await openNamed(paths);
  const size = files.reduce((sum, file) => sum + (file.size ?? largeEnough), 0);
  const threads = size < largeEnough ? 0 : Math.min(2, availableParallelism());
  const progress = createProgressLine(process.stderr);
  try {
    return await tellStory({
      ...options,
      files,
      threads,
      onProgress: (octets, file) =>
        progress.show(null, `${formatSize(octets)} read, ${printable(file, 60)}`),
    });
  } finally {
    progress.clear();
  }
}

/** Of many logs some may not be readable; throws CommandError where none is. */
async function openNamed(paths: readonly string[]): Promise<LogFile[]> {
  const files: LogFile[] = [];
  const failed: LogFileError[] = [];
  for (const path of paths)
    try {
      files.push(path === '-' ? streamedLogFile('-', process.stdin) : await openLogFile(path));
    } catch (error) {
      if (!(error instanceof LogFileError)) throw error;
      failed.push(error);
      files.push(unopenedLogFile(error));
    }
  const [first] = failed;
  if (first && failed.length === paths.length)
    throw new CommandError(printable(first.message), exit.usage, first);
  return files;
}

async function ofJournal(
  openStore: StoryCommandOptions['openStore'],
  { config }: Options,
  options: Pick<StoryOptions, 'finder' | 'since' | 'until'>,
): Promise<Story> {
  const { since, until } = options;
  const query = {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { before: until }),
  };
  return await tellingJournal(async () => {
    const { where, reader } = await openStore(config);
    await using journal = reader;
    if (!journal)
      throw new CommandError(
        `name logs to read: there is no journal of ours yet, ${printable(where)} does not exist`,
      );
    return await tellJournal(journal.read(query), await journal.incidents(query), where, options);
  });
}

function widthOf(): number {
  return Math.min(100, Math.max(60, (process.stdout.columns || 100) - 1));
}
