/**
 * `spillway journal`: what was refused, deferred, discarded, and why, in words an admin understands.
 */
import { Command, InvalidArgumentError } from 'commander';
import { type JournalLink, parseLink } from '../journal/links.ts';
import { parseWhen, type TimeSpan, whenExamples } from '../journal/when.ts';
import { comparableDomain } from '../mail/address.ts';
import { printable } from '../mail/printable.ts';
import { JournalOpenError, JournalReadError } from '../store/errors.ts';
import type { ReceiptQuery, StoredIncident, StoredReceipt } from '../store/journal-store.ts';
import type { FoundJournal, JournalReader } from '../store/open-journal.ts';
import { actions, checks, type Receipt } from '../verdict/verdict.ts';
import { checkSpan, oneOf, readReason } from './choices.ts';
import { CommandError, exit } from './exit.ts';
import { printIncident, printIncidents, receiptsOf } from './journal-incidents.ts';
import { printText } from './journal-text.ts';
import { printWould, printWouldJson } from './journal-would.ts';
import { createOutput, jsonLine, type Output } from './output.ts';

export interface JournalCommandOptions {
  /** Opens the journal of the configuration in that file, or of the one found without a name. */
  readonly openStore: (configFile: string | undefined) => Promise<FoundJournal>;
  readonly output?: Output;
  /** ms since 1970. */
  readonly now?: () => number;
}

interface Options {
  readonly since?: TimeSpan;
  readonly until?: TimeSpan;
  readonly check?: Receipt['check'];
  readonly action?: Receipt['action'];
  readonly reason?: Receipt['reason'];
  readonly domain?: string;
  readonly queueId?: string;
  readonly would?: true;
  readonly incident?: string;
  readonly incidents?: true;
  readonly each?: true;
  readonly json?: true;
  readonly config?: string;
}

const receiptActions = actions.filter((action) => action !== 'accept');

export function journalCommand({
  openStore,
  output = createOutput(),
  now = Date.now,
}: JournalCommandOptions): Command {
  const when = (text: string) => {
    const span = parseWhen(text, now());
    if (span) return span;
    throw new InvalidArgumentError(`Expected a time such as ${whenExamples}.`);
  };
  return new Command('journal')
    .description('Tell what was refused, deferred or discarded, and why; the newest last.')
    .argument(
      '[link]',
      'a day, a month, a span or an incident: /2006/09/05, /2006/09/03-05, /2006/09/05.1',
      readLink,
    )
    .option('--since <when>', `what happened from then on: ${whenExamples}`, when)
    .option('--until <when>', 'what happened until then; a day counts to its end', when)
    .option('--check <check>', `only one check: ${checks.join(', ')}`, oneOf(checks))
    .option('--action <action>', `only: ${receiptActions.join(', ')}`, oneOf(receiptActions))
    .option('--reason <reason>', 'only one reason, such as loopback or null-mx', readReason)
    .option('--domain <domain>', 'only verdicts about this domain')
    .option('--queue-id <id>', "only this message, by the mail server's name for it")
    .option(
      '--incident <id>',
      'only this incident, such as 2006-09-05.1, and its receipts',
      readIncident,
    )
    .option('--incidents', 'the floods that were recognised')
    .option('--would', 'what checks that watch would have done, grouped, the largest first')
    .option('--each', 'with --would: each receipt')
    .option('--json', 'print one JSON document per line, times in UTC')
    .option('--config <file>', 'read this configuration')
    .addHelpText('after', '\nTimes are local unless they name a zone.')
    .action(async (link: JournalLink | undefined, given: Options) => {
      try {
        const options = follow(link, given);
        checkSpan(options.since, options.until);
        const { where, reader } = await openStore(options.config);
        await using journal = reader;
        if (!journal) {
          if (!options.json) {
            await output.line(
              `No journal yet: ${printable(where)} does not exist. "spillway run" makes it.`,
            );
          }
          return;
        }
        if (options.incidents) {
          await printIncidents(await journal.incidents(queryOf(options)), options.json, output);
          return;
        }
        const incident = options.incident && (await findIncident(journal, options.incident));
        if (incident) await printIncident(incident, options.json, output);
        const receipts = incident
          ? receiptsOf(incident, journal, queryOf(options))
          : journal.read(queryOf(options));
        if (options.would && !options.each)
          await (options.json ? printWouldJson : printWould)(receipts, output);
        else if (options.json) await printJson(receipts, output);
        else await printText(receipts, output);
      } catch (error) {
        throw commandError(error);
      }
    });
}

function readLink(text: string): JournalLink {
  const link = parseLink(text);
  if (link) return link;
  throw new InvalidArgumentError(
    'Expected a link such as /2006/09/05, /2006/09/03-05 or /2006/09/05.1.',
  );
}

function readIncident(text: string): string {
  const link = parseLink(text);
  if (link?.kind === 'incident') return link.id;
  throw new InvalidArgumentError('Expected the id of an incident, such as 2006-09-05.1.');
}

function follow(link: JournalLink | undefined, options: Options): Options {
  if (!link) return options;
  if (link.kind === 'incident') return { ...options, incident: link.id };
  const { start, end } = link;
  return { ...options, since: { start, end: start }, until: { start: end, end } };
}

/** Throws CommandError. */
async function findIncident(journal: JournalReader, id: string): Promise<StoredIncident> {
  const [found] = await journal.incidents({ id });
  if (found) return found;
  throw new CommandError(
    `the journal knows no incident ${id}; spillway journal --incidents tells which there are`,
    exit.trouble,
  );
}

function queryOf(options: Options): ReceiptQuery {
  const { since, until, check, action, reason, domain, queueId } = options;
  return {
    ...(since && { since: since.start }),
    ...(until && { before: until.end }),
    ...(check && { check }),
    ...(action && { action }),
    ...(reason && { reason }),
    ...(domain !== undefined && { domain: comparableDomain(domain) }),
    ...(queueId !== undefined && { queueId }),
    ...(options.would && { enforced: false }),
  };
}

function commandError(error: unknown): unknown {
  if (error instanceof JournalOpenError) return new CommandError(error.message, exit.usage, error);
  if (!(error instanceof JournalReadError)) return error;
  const status = error.isBusy ? exit.tryAgain : exit.trouble;
  return new CommandError(printable(error.message), status, error);
}

async function printJson(receipts: AsyncIterable<StoredReceipt>, output: Output): Promise<void> {
  for await (const { id, from, until, ...rest } of receipts) {
    const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
    await output.line(jsonLine({ id, ...times, ...rest }));
  }
}
