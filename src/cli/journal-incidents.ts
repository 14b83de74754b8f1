/**
 * Incidents as an admin reads them: a list with one line for each, or one in full and its receipts.
 */
import { incidentLines, incidentTitle } from '../journal/incident-words.ts';
import { incidentLink } from '../journal/links.ts';
import { type ClientPlace, placeOf } from '../mail/client-place.ts';
import { lowerAscii } from '../mail/lower-ascii.ts';
import { printable } from '../mail/printable.ts';
import type { ReceiptQuery, StoredIncident, StoredReceipt } from '../store/journal-store.ts';
import type { JournalReader } from '../store/open-journal.ts';
import { type About, type Incident, isNextHop, isWholeDomain } from '../verdict/flood/incident.ts';
import { formatLocalTime, jsonLine, type Output } from './output.ts';

export async function printIncidents(
  incidents: readonly StoredIncident[],
  json: true | undefined,
  output: Output,
): Promise<void> {
  for (const incident of incidents)
    await output.line(json ? jsonOf(incident) : formatTitle(incident, output));
  if (incidents.length === 0 && !json) await output.line('No flood was recognised then.');
}

export async function printIncident(
  incident: StoredIncident,
  json: true | undefined,
  output: Output,
): Promise<void> {
  if (json) return await output.line(jsonOf(incident));
  await output.line(formatTitle(incident, output));
  for (const line of incidentLines(incident)) await output.line(`  ${printable(line)}`);
  await output.line('');
}

/** `2006-09-05 14:03:07  /2006/09/05.1  going on  a flood in the name of ...` */
function formatTitle(incident: StoredIncident, output: Output): string {
  const { id, start, isOpen } = incident;
  const state = isOpen ? output.style('red', 'going on') : output.style('green', 'over');
  const parts = [
    output.style('dim', formatLocalTime(start)),
    output.style('bold', incidentLink(id)),
    isOpen ? `${state}${liftedWords(incident)}` : state,
    printable(incidentTitle(incident)),
  ];
  return parts.join('  ');
}

function liftedWords({ isLifted, lifted }: StoredIncident): string {
  if (isLifted) return ', its brakes lifted';
  if (lifted.length === 0) return '';
  const shown = lifted.slice(0, mostLifted).map(({ subject }) => printable(subject, 120));
  const more = lifted.length - shown.length;
  return `, the brakes of ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''} lifted`;
}

const mostLifted = 3;

function jsonOf({ start, end, ...rest }: StoredIncident): string {
  const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return jsonLine({ ...rest, ...times });
}

/** The receipts of its time that are about what it is about, or name it. */
export async function* receiptsOf(
  incident: Incident,
  journal: Pick<JournalReader, 'read'>,
  query: ReceiptQuery,
): AsyncIterable<StoredReceipt> {
  const { start, end } = incident;
  for await (const receipt of journal.read({ since: start, before: end + 1, ...query }))
    if (belongs(incident, receipt)) yield receipt;
}

function belongs(incident: Incident, receipt: StoredReceipt): boolean {
  const { id, joined, parts } = incident;
  const lastWords = receipt.steps.map((step) => step.slice(step.lastIndexOf(' ') + 1));
  if (lastWords.some((word) => word === id || joined.includes(word))) return true;
  const sender = receipt.reversePath && lowerAscii(receipt.reversePath);
  const recipient = receipt.forwardPath && lowerAscii(receipt.forwardPath);
  const site = recipient?.slice(recipient.lastIndexOf('@') + 1) ?? null;
  const place = placeOf(receipt.client?.address ?? '');
  const seen = { ...place, sender, recipient, site, check: receipt.check, reason: receipt.reason };
  return [incident, ...parts].some((about) => isAbout(about, seen));
}

interface Seen extends Pick<StoredReceipt, 'check' | 'reason'>, ClientPlace {
  readonly sender: string | null;
  readonly recipient: string | null;
  readonly site: string | null;
}

function isAbout({ cause, subject }: About, seen: Seen): boolean {
  const { sender, recipient, site, check } = seen;
  switch (cause) {
    case 'forged-sender': {
      const isIn = (path: string | null) =>
        isWholeDomain(subject) ? path?.endsWith(subject) : path === subject;
      return isIn(sender) || (check === 'notice' && isIn(recipient)) || false;
    }
    case 'harvest':
      return seen.client === subject || seen.network === subject;
    case 'slow-harvest':
      return seen.reason === 'mailbox-unknown' && site === subject;
    case 'joe-job':
      return sender === '' && site === subject;
    case 'mail-loop':
      return check === 'loop' && (site === subject || isNextHop(subject));
    case 'notice-storm':
      return check === 'notice';
    case 'answer-loop':
      return [`${sender} and ${recipient}`, `${recipient} and ${sender}`].includes(subject);
  }
}
