/**
 * `spillway undo`: puts back what a rescue removed, and releases what it held.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig } from '../config/read.ts';
import { openRoot } from '../machine/root.ts';
import { formatCount, formatNumber } from '../mail/amounts.ts';
import { printable } from '../mail/printable.ts';
import { parseOnly } from '../rescue/change/only.ts';
import { UndoError, type UndoOutcome, undoReceipt } from '../rescue/change/undo.ts';
import { findServers, serverWith } from '../rescue/find-servers.ts';
import { openFolderServer } from '../rescue/folder-server.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import { openReader } from '../rescue/open-reader.ts';
import { QueueFolderError } from '../rescue/reader.ts';
import { ArchiveOpenError, ArchiveReadError } from '../store/archive-errors.ts';
import type { ArchivedRun, ArchiveStore, StoredEntry } from '../store/archive-store.ts';
import { JournalOpenError } from '../store/errors.ts';
import type { JournalStore } from '../store/journal-store.ts';
import { openJournalStore } from '../store/open-journal.ts';
import { listReceipts, openReceipt } from '../store/receipts.ts';
import { CommandError, exit } from './exit.ts';
import { listenForInterruptions } from './interruptions.ts';
import { createOutput, formatLocalTime, jsonLine, type Output } from './output.ts';
import { createProgressLine } from './progress.ts';
import { tellingFolders } from './queue-folder-trouble.ts';
import { countEntries } from './rescue-text.ts';
import { dataFolderOf, storeUrlOf } from './store-url.ts';

interface Options {
  readonly only?: string;
  readonly stopped?: true;
  readonly trust?: true;
  readonly json?: true;
  readonly config?: string;
}

const help = `
Without a receipt it lists them. --only takes terms that must all fit: id= sender= recipient=
domain= cause=, with * for anything. May be interrupted and run again.

Exit status: 0 well, 1 not all could be put back, 2 wrong usage.`;

export function undoCommand(output: Output = createOutput()): Command {
  return new Command('undo')
    .description('Put back what "spillway rescue" removed, and release what it held.')
    .argument('[receipt]', 'as the rescue named it, such as 2026-11-22.1, or its file')
    .option('--only <terms>', 'only entries that fit, see below')
    .option('--stopped', 'no server works on the folder: files are put back without one')
    .option('--trust', 'the receipt lies elsewhere; you vouch for the files and programs it names')
    .option('--json', 'print one JSON document')
    .option('--config <file>', 'read this configuration')
    .addHelpText('after', help)
    .action(async (receipt: string | undefined, options: Options) => {
      const config = await readConfig(options.config);
      const folder = dataFolderOf(config);
      if (receipt === undefined) return await list(folder, options, output);
      const selection = readOnly(options.only);
      using archive = open(folder, receipt);
      requireTrust(archive, folder, options);
      const server = await tellingFolders(() => serverOf(archive.run, options.stopped === true));
      const { hand } = server;
      if (!hand)
        throw new CommandError(
          `${printable(server.queue)} cannot be changed: ${server.whyNoHand ?? 'nobody may'}`,
        );
      await using journal = await openJournal(storeUrlOf(config));
      const progress = createProgressLine(process.stderr);
      using stop = listenForInterruptions(() => progress.clear());
      const outcome = await undoReceipt({
        archive,
        hand,
        selection,
        reader: openReader(server.source),
        record: (receipts) => journal.append(receipts),
        now: Date.now,
        onProgress: ({ restored, released }) =>
          progress.show(null, `${formatNumber(restored + released)} put back`),
        signal: stop.signal,
      }).catch((error) => {
        if (!(error instanceof UndoError)) throw error;
        throw new CommandError(
          `stopped: ${printable(error.message)}. ${countEntries(error.outcome.restored)} had been put back; run it again for the rest`,
          exit.trouble,
          error,
        );
      });
      progress.clear();
      if (options.json) await output.line(jsonLine({ receipt: archive.name, ...outcome }));
      else for (const line of formatUndo(outcome, output)) await output.line(line);
      if (stop.signal.aborted) throw new CommandError('stopped; run it again', exit.tryAgain);
      process.exitCode = outcome.problemCount === 0 ? exit.well : exit.trouble;
    });
}

function readOnly(text: string | undefined): ((entry: StoredEntry) => boolean) | undefined {
  if (text === undefined) return undefined;
  const read = parseOnly(text);
  if (read.kind === 'fault') throw new CommandError(`--only: ${read.problem}`);
  return (entry) => read.test(entry, Date.now());
}

/**
 * A receipt names folders to write into and the root whose programs are run: one that a stranger wrote
 * could name any.
 */
function requireTrust({ path }: ArchiveStore, folder: string, { trust }: Options): void {
  if (trust || resolve(dirname(path)) === join(folder, 'receipts')) return;
  throw new CommandError(
    `${printable(path)} is none of the receipts in ${printable(join(folder, 'receipts'))}. It names files to write and programs to run: if you know where it comes from, say --trust`,
  );
}

async function openJournal(url: string): Promise<JournalStore> {
  try {
    return await openJournalStore(url);
  } catch (error) {
    if (!(error instanceof JournalOpenError)) throw error;
    throw new CommandError(printable(error.message), exit.trouble, error);
  }
}

function open(folder: string, receipt: string): ArchiveStore {
  try {
    return openReceipt(folder, receipt);
  } catch (error) {
    if (!(error instanceof ArchiveOpenError)) throw error;
    throw new CommandError(printable(error.message), exit.usage, error);
  }
}

/** The server whose queue it was. Where it is not found any more, the bare folder. */
async function serverOf(
  { mta, folders, root }: ArchivedRun,
  stopped: boolean,
): Promise<MailServer> {
  const machine = openRoot(root);
  const own = await serverWith(await findServers(machine, mta), machine, folders);
  if (own) return own;
  // Where its disk is not mounted, what is put back would vanish below that.
  for (const folder of folders)
    await readdir(folder).catch((error) => {
      throw new QueueFolderError(folder, error);
    });
  return openFolderServer({ mta, folders }, stopped);
}

async function list(folder: string, { json }: Options, output: Output): Promise<void> {
  const receipts = listReceipts(folder);
  if (receipts.length === 0 && !json)
    await output.line(`No receipts in ${printable(join(folder, 'receipts'))}.`);
  for (const { name } of receipts) {
    try {
      using archive = openReceipt(folder, name);
      await output.line(json ? jsonLine(describe(archive)) : formatReceipt(archive));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      await output.line(
        json
          ? jsonLine({ receipt: name, problem: error.message })
          : `${name}  ${printable(error.message)}`,
      );
    }
  }
}

function isUnreadable(error: unknown): error is ArchiveOpenError | ArchiveReadError {
  return error instanceof ArchiveOpenError || error instanceof ArchiveReadError;
}

function describe(archive: ArchiveStore) {
  const { name, path, run } = archive;
  const { mta, title, queue, startedAt, chosen } = run;
  const at = new Date(startedAt).toISOString();
  return { receipt: name, path, mta, title, queue, at, chosen, counts: archive.counts() };
}

function formatReceipt(archive: ArchiveStore): string {
  const { run, name } = archive;
  const counts = Object.entries(archive.counts())
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${formatNumber(count)} ${state}`);
  const parts = [name, formatLocalTime(run.startedAt), run.title, run.queue, counts.join(', ')];
  return parts.map((part) => printable(part)).join('  ');
}

const shown = 10;

function formatUndo(outcome: UndoOutcome, output: Output): string[] {
  const { restored, unclear, released, present, gone, renamed, renamedCount } = outcome;
  const { problems, problemCount } = outcome;
  const lines = [output.style('bold', `${countEntries(restored)} put back.`)];
  if (released > 0) lines.push(`${countEntries(released)} released.`);
  if (present > 0) lines.push(`${countEntries(present)} needed nothing: in the queue already.`);
  if (gone > 0) lines.push(`${countEntries(gone)} held by the rescue had left the queue.`);
  if (unclear > 0)
    lines.push(
      `${formatNumber(unclear)} of those put back may be delivered twice: the rescue died while it removed them.`,
    );
  if (renamedCount > 0) {
    lines.push(`${formatCount(renamedCount, 'entry has', 'entries have')} another name now:`);
    for (const { id, restoredAs } of renamed.slice(0, shown))
      lines.push(`  ${printable(id, 40)} is ${printable(restoredAs, 40)}`);
    if (renamedCount > shown) lines.push(`  and ${formatNumber(renamedCount - shown)} more`);
  }
  if (problemCount > 0) {
    lines.push(`${countEntries(problemCount)} could not be put back:`);
    for (const { id, problem } of problems.slice(0, shown))
      lines.push(`  ${printable(id, 40)}: ${printable(problem)}`);
    if (problemCount > shown) lines.push(`  and ${formatNumber(problemCount - shown)} more`);
  }
  return lines;
}
