/**
 * `spillway queue`: what waits for delivery, and what the admin does about it.
 *
 * Works while the server runs and while it does not. What changes the queue needs to be told which
 * messages it means, and without --apply only shows what it would do.
 */
import { Command } from 'commander';
import { readConfig } from '../config/read.ts';
import { printable } from '../mail/printable.ts';
import { formatQueueId, type QueueId } from '../mail/queue-id.ts';
import {
  JournalOpenError,
  JournalWriteError,
  QueueOpenError,
  QueueReadError,
  QueueWriteError,
} from '../store/errors.ts';
import { openJournalStore } from '../store/open-journal.ts';
import { findQueue, openQueueStore } from '../store/open-queue.ts';
import { type QueueChange, type QueueStore, queueChanges } from '../store/queue-store.ts';
import { CommandError, exit } from './exit.ts';
import { createOutput, formatLocalTime, jsonLine, type Output } from './output.ts';
import { type Application, applyChange, countMessages, showChange } from './queue-apply.ts';
import { printJson, printList, printMessages } from './queue-list.ts';
import {
  addSelection,
  filterOf,
  formatSelection,
  requireSelection,
  type SelectionOptions,
} from './queue-selection.ts';
import { storeUrlOf } from './store-url.ts';

interface Common {
  readonly config?: string;
  readonly json?: true;
}

const descriptions: { readonly [change in QueueChange]: string } = {
  hold: 'Stop the delivery of messages until they are released.',
  release: 'Deliver held messages again.',
  retry: 'Try to deliver now rather than when it is time.',
  purge: 'Remove messages. They are kept for a while, and each leaves a receipt in the journal.',
  undo: 'Bring back what was purged, or kept because nobody could be told of its failure.',
};

export function queueCommand(output: Output = createOutput(), now = Date.now): Command {
  const queue = new Command('queue').description('Show and change what waits for delivery.');
  const commands = [
    listCommand(output, now),
    showCommand(output, now),
    ...queueChanges.map((change) => changeCommand(change, output, now)),
  ];
  for (const command of commands)
    queue.addCommand(
      command
        .option('--json', 'print one JSON document per line, times in UTC')
        .option('--config <file>', 'read this configuration'),
    );
  return queue;
}

function listCommand(output: Output, now: () => number): Command {
  return addSelection(new Command('list'))
    .description('List messages, the oldest first; purged ones only with --state purged.')
    .action(async (ids: readonly QueueId[], options: SelectionOptions & Common) => {
      const filter = filterOf(ids, options, now());
      await withQueue(options, output, async (store) => {
        if (options.json) await printJson(store, filter, output);
        else await printList(store, filter, now(), output);
      });
    });
}

function showCommand(output: Output, now: () => number): Command {
  return addSelection(new Command('show'))
    .description('Tell all about messages: their envelope, recipients, last replies, next tries.')
    .option('--content', 'the message itself as well, made harmless for a terminal')
    .action(
      async (
        ids: readonly QueueId[],
        options: SelectionOptions & Common & { readonly content?: true },
      ) => {
        const filter = filterOf(ids, options, now());
        requireSelection(filter, options);
        const { json = false, content = false } = options;
        await withQueue(options, output, (store) =>
          printMessages(store, filter, { json, content }, now(), output),
        );
      },
    );
}

function changeCommand(change: QueueChange, output: Output, now: () => number): Command {
  return addSelection(new Command(change))
    .description(descriptions[change])
    .option('--all', 'every message')
    .option('--apply', 'do it; without this it is only shown')
    .action(
      async (
        ids: readonly QueueId[],
        options: SelectionOptions & Common & { readonly apply?: true },
      ) => {
        const at = now();
        const filter = filterOf(ids, options, at);
        requireSelection(filter, options);
        const { json = false, apply = false } = options;
        const config = await readConfig(options.config);
        const until = at + config.queue.keepPurged;
        const application = { change, filter, now: at, until };
        await withQueue(options, output, async (store) => {
          const count = apply
            ? await applyWithJournal(store, storeUrlOf(config), application)
            : await showChange(store, application, json ? silent : output);
          if (json) return output.line(jsonLine({ change, applied: apply, count }));
          await output.line(output.style('bold', sentence(application, apply, count)));
          if (!apply || change !== 'purge' || count === 0) return;
          const same = formatSelection(ids.map(formatQueueId), options) || '--state purged';
          const file = options.config === undefined ? '' : ` --config ${options.config}`;
          await output.line(`They are kept until ${formatLocalTime(until)}. To bring them back:`);
          await output.line(printable(`  spillway queue undo ${same} --apply${file}`));
        });
      },
    );
}

function sentence({ change }: Application, isApplied: boolean, count: number): string {
  if (count === 0) return 'Nothing in the queue fits; nothing was changed.';
  if (isApplied) return `${countMessages(change, count)}.`;
  return `${countMessages(change, count, 'would be ')}. Nothing was changed: --apply does it.`;
}

async function applyWithJournal(
  store: QueueStore,
  url: string,
  application: Application,
): Promise<number> {
  await using journal = await openJournalStore(url);
  return await applyChange(store, journal, application);
}

const silent: Output = { line: async () => {}, style: (_style, text) => text };

/** Opens the queue beside a server that may be running; says so where there is none yet. */
async function withQueue(
  { config, json }: Common,
  output: Output,
  use: (store: QueueStore) => Promise<void>,
): Promise<void> {
  try {
    const url = storeUrlOf(await readConfig(config));
    const { where, exists } = findQueue(url);
    if (!exists) {
      if (!json)
        await output.line(
          `No queue yet: ${printable(where)} does not exist. "spillway run" makes it.`,
        );
      return;
    }
    await using store = await openQueueStore(url);
    await use(store);
  } catch (error) {
    throw commandError(error);
  }
}

function commandError(error: unknown): unknown {
  if (error instanceof QueueOpenError || error instanceof JournalOpenError)
    return new CommandError(error.message, exit.usage, error);
  const isTrouble =
    error instanceof QueueReadError ||
    error instanceof QueueWriteError ||
    error instanceof JournalWriteError;
  return isTrouble ? new CommandError(printable(error.message), exit.trouble, error) : error;
}
