/**
 * What changes a queue, with all that has to be written down: the receipt and the journal.
 */
import type { Config } from '../config/schema.ts';
import { printable } from '../mail/printable.ts';
import { ApplyError, applyPlan } from '../rescue/change/apply.ts';
import type { Outcome, PlannedEntry } from '../rescue/change/plan.ts';
import { type Settled, settleReceipt } from '../rescue/change/settle.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import { openReader } from '../rescue/open-reader.ts';
import type { QueueSource } from '../rescue/reader.ts';
import { ArchiveOpenError, ArchiveReadError } from '../store/archive-errors.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { JournalOpenError } from '../store/errors.ts';
import type { JournalStore } from '../store/journal-store.ts';
import { openJournalStore } from '../store/open-journal.ts';
import { createReceipt, listReceipts, openReceipt } from '../store/receipts.ts';
import { CommandError, exit } from './exit.ts';
import type { Interruptions } from './interruptions.ts';
import type { RescueOptions } from './rescue-options.ts';
import { dataFolderOf, storeUrlOf } from './store-url.ts';

export interface RescueHand extends AsyncDisposable {
  /** Throws CommandError where it had to stop. */
  apply(
    plan: Iterable<PlannedEntry>,
    stop: Interruptions,
    onProgress: (outcome: Outcome) => void,
  ): Promise<Outcome>;
  /** Name of the receipt; null while nothing was changed. */
  readonly receipt: string | null;
}

/** Sets free what a run that died had seized. Throws CommandError. */
export async function openRescueHand(
  server: MailServer,
  options: RescueOptions,
  config: Config,
): Promise<RescueHand> {
  const { hand, source } = server;
  if (!hand) throw new CommandError(server.whyNoHand ?? 'nobody may change this queue');
  const folder = dataFolderOf(config);
  await using stack = new AsyncDisposableStack();
  const journal = stack.use(await orExplain(() => openJournalStore(storeUrlOf(config))));
  const record: JournalStore['append'] = (receipts) => journal.append(receipts);
  const reader = openReader(source);
  const now = Date.now;
  for (const { name } of listReceipts(folder)) {
    using archive = openUnused(folder, name);
    if (!archive || !isSame(archive.run, source)) continue;
    const parts = { archive, hand, reader, record, now };
    const { problems } = await settleReceipt(parts).catch(tellDamage);
    for (const { id, problem } of problems)
      process.stderr.write(
        `spillway: ${printable(id, 40)} is still held by the rescue ${name}, which died: ${printable(problem)}\n`,
      );
  }
  const kept = stack.move();
  let archive: ArchiveStore | null = null;

  async function open(): Promise<ArchiveStore> {
    archive ??= kept.use(
      await orExplain(() =>
        createReceipt(folder, {
          ...source,
          title: server.title,
          queue: server.queue,
          root: options.root ?? '/',
          startedAt: now(),
          chosen: chosenText(options),
        }),
      ),
    );
    return archive;
  }

  return {
    async apply(plan, { signal, atOnce }, onProgress) {
      const used = await open();
      try {
        return await applyPlan({
          ...{ server, reader, archive: used, plan, onProgress, record, now, signal, atOnce },
        });
      } catch (error) {
        if (!(error instanceof ApplyError)) throw error;
        const { removed, held } = error.outcome;
        throw new CommandError(
          `stopped: ${printable(error.message)}. Until then ${removed} entries were removed and ${held} held; all of them are in the receipt ${used.name}`,
          exit.trouble,
          error,
        );
      }
    },
    get receipt() {
      const isUsed = archive && Object.values(archive.counts()).some((count) => count > 0);
      return archive && isUsed ? archive.name : null;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Null where another run works with it, or it cannot be read: its own undo will say so. */
function openUnused(folder: string, name: string): ArchiveStore | null {
  try {
    return openReceipt(folder, name);
  } catch (error) {
    if (error instanceof ArchiveOpenError) return null;
    throw error;
  }
}

/** One receipt that a disk has damaged does not keep the queue from being rescued. */
function tellDamage(error: unknown): Pick<Settled, 'problems'> {
  if (!(error instanceof ArchiveReadError)) throw error;
  process.stderr.write(`spillway: ${printable(error.message)}; it is left as it is\n`);
  return { problems: [] };
}

function isSame(run: QueueSource, { mta, folders }: QueueSource): boolean {
  return run.mta === mta && run.folders.some((folder) => folders.includes(folder));
}

async function orExplain<T>(open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const isKnown = error instanceof JournalOpenError || error instanceof ArchiveOpenError;
    throw isKnown ? new CommandError(error.message, exit.trouble, error) : error;
  }
}

function chosenText({ cause = [], where, hold, purge, watch }: RescueOptions): string {
  return [
    ...cause.map((text) => `--cause ${text}`),
    ...(where === undefined ? [] : [`--where ${where}`]),
    ...(hold ? ['--hold'] : []),
    ...(purge ? ['--purge'] : []),
    ...(watch ? ['--watch'] : []),
    '--apply',
  ].join(' ');
}
