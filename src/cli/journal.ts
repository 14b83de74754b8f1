/**
 * `spillway journal`: what was refused, deferred, discarded, and why, in words an admin understands.
 */
import { Command, InvalidArgumentError } from 'commander';
import { type JournalLink, parseLink } from '../journal/links.ts';
import { comparableDomain } from '../mail/address.ts';
import { printable } from '../mail/printable.ts';
import type { ReceiptQuery, StoredIncident, StoredReceipt } from '../store/journal-store.ts';
import type { FoundJournal, JournalReader } from '../store/open-journal.ts';
import { actions, checks, type Receipt } from '../verdict/verdict.ts';
import { oneOf, readIncidentId, readReason } from './choices.ts';
import { CommandError, exit } from './exit.ts';
import { printIncident, printIncidents, receiptsOf } from './journal-incidents.ts';
import { printText } from './journal-text.ts';
import { tellingJournal } from './journal-trouble.ts';
import { printWould, printWouldJson } from './journal-would.ts';
import { createOutput, jsonLine, type Output } from './output.ts';
import { addTimeOptions, spanOf, type TimeOptions } from './time-options.ts';

export interface JournalCommandOptions {
  /** Opens the journal of the configuration in that file, or of the one found without a name. */
  readonly openStore: (configFile: string | undefined) => Promise<FoundJournal>;
  readonly output?: Output;
  /** ms since 1970. */
  readonly now?: () => number;
}

interface Options extends TimeOptions {
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
  const command = new Command('journal')
    .description('Tell what was refused, deferred or discarded, and why; the newest last.')
    .argument(
      '[link]',
      'a day, a month, a span or an incident: /2006/09/05, /2006/09/03-05, /2006/09/05.1',
      readLink,
    );
  return addTimeOptions(command, now)
    .option('--check <check>', `only one check: ${checks.join(', ')}`, oneOf(checks))
    .option('--action <action>', `only: ${receiptActions.join(', ')}`, oneOf(receiptActions))
    .option('--reason <reason>', 'only one reason, such as loopback or null-mx', readReason)
    .option('--domain <domain>', 'only verdicts about this domain')
    .option('--queue-id <id>', "only this message, by the mail server's name for it")
    .option(
      '--incident <id>',
      'only this incident, such as 2006-09-05.1, and its receipts',
      readIncidentId,
    )
    .option('--incidents', 'the floods that were recognised')
    .option('--would', 'what checks that watch would have done, grouped, the largest first')
    .option('--each', 'with --would: each receipt')
    .option('--json', 'print one JSON document per line, times in UTC')
    .option('--config <file>', 'read this configuration')
    .addHelpText('after', '\nTimes are local unless they name a zone.')
    .action((link: JournalLink | undefined, given: Options) =>
      tellingJournal(async () => {
        const options = follow(link, given);
        const query = queryOf(options);
        const { where, reader } = await openStore(options.config);
        await using journal = reader;
        if (journal) await tell(journal, query, options, output);
        else if (!options.json)
          await output.line(
            `No journal yet: ${printable(where)} does not exist. "spillway run" makes it.`,
          );
      }),
    );
}

async function tell(
  journal: JournalReader,
  query: ReceiptQuery,
  { incidents, incident: id, would, each, json }: Options,
  output: Output,
): Promise<void> {
  if (incidents) return await printIncidents(await journal.incidents(query), json, output);
  const incident = id === undefined ? null : await findIncident(journal, id);
  if (incident) await printIncident(incident, json, output);
  const receipts = incident ? receiptsOf(incident, journal, query) : journal.read(query);
  if (would && !each) await (json ? printWouldJson : printWould)(receipts, output);
  else if (json) await printJson(receipts, output);
  else await printText(receipts, output);
}

function readLink(text: string): JournalLink {
  const link = parseLink(text);
  if (link) return link;
  throw new InvalidArgumentError(
    'Expected a link such as /2006/09/05, /2006/09/03-05 or /2006/09/05.1.',
  );
}

/** The link as the options that say the same. Throws CommandError where it is not the only one to say it. */
function follow(link: JournalLink | undefined, options: Options): Options {
  if (!link) return options;
  if (link.kind === 'incident') {
    if (options.incident !== undefined) throw saidTwice('which incident', '--incident');
    return { ...options, incident: link.id };
  }
  if (options.since) throw saidTwice('when', '--since');
  if (options.until) throw saidTwice('when', '--until');
  const { start, end } = link;
  return { ...options, since: { start, end: start }, until: { start: end, end } };
}

function saidTwice(what: string, option: string): CommandError {
  return new CommandError(`expected either a link or ${option}, found both: each says ${what}`);
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

/** Throws CommandError where it ends before it begins. */
function queryOf(options: Options): ReceiptQuery {
  const { check, action, reason, domain, queueId } = options;
  const { since, until } = spanOf(options);
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { before: until }),
    ...(check && { check }),
    ...(action && { action }),
    ...(reason && { reason }),
    ...(domain !== undefined && { domain: comparableDomain(domain) }),
    ...(queueId !== undefined && { queueId }),
    ...(options.would && { enforced: false }),
  };
}

async function printJson(receipts: AsyncIterable<StoredReceipt>, output: Output): Promise<void> {
  for await (const { id, from, until, ...rest } of receipts) {
    const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
    await output.line(jsonLine({ id, ...times, ...rest }));
  }
}
