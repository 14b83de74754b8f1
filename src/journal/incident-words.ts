/**
 * An incident in a few lines that an admin understands: what, since when, how much of it.
 *
 * It holds texts of strangers, unescaped.
 */

import { formatCount, formatDuration, formatLocalTime, formatSize } from '../mail/amounts.ts';
import {
  type Incident,
  type IncidentCause,
  isNextHop,
  isWholeDomain,
  type Ranked,
} from '../verdict/flood/incident.ts';

const causeWords: { readonly [cause in IncidentCause]: (subject: string) => string } = {
  'forged-sender': (sender) =>
    isWholeDomain(sender)
      ? `a flood in changing names at ${sender.slice(1)}, which are most likely forged`
      : `a flood in the name of ${sender}, who is most likely forged`,
  harvest: (client) => `${client} tries who exists here`,
  'slow-harvest': (domain) =>
    `many clients, each a little, try who exists at ${domain === '' ? 'many domains here' : domain}`,
  'notice-storm': () => 'this server writes failure notices to many who never wrote to it',
  'joe-job': (domain) => `notices arrive about mail that ${domain} never sent: a joe job`,
  'mail-loop': (where) =>
    isNextHop(where)
      ? `mail for several domains that lead to ${where} comes back to this server`
      : `mail for ${where} comes back to this server`,
  'answer-loop': (pair) => `${pair} answer each other without end`,
};

/** One line: `a flood in the name of nicholas@seaton.biz, who is most likely forged`. */
export function incidentTitle({ cause, subject }: Pick<Incident, 'cause' | 'subject'>): string {
  return causeWords[cause](subject);
}

/** Lines without end. */
export function incidentLines(incident: Incident): string[] {
  const { start, end, isOpen, received, made, ended, clients, senders, sites } = incident;
  const lasting = formatDuration(end - start);
  const lines = [
    isOpen
      ? `since ${formatLocalTime(start)}, for ${lasting} now`
      : `from ${formatLocalTime(start)} until ${formatLocalTime(end)}, ${lasting}`,
    `came in: ${formatCount(received.recipients, 'recipient')} tried, ${formatCount(received.unknown, 'unknown one')}; ${formatCount(received.messages, 'message')}${sizeOf(received.bytes)}`,
    `made of it: ${formatCount(made.notices, 'notice')}, ${formatCount(made.deliveries, 'attempt')} to deliver${sizeOf(made.bytes)}, ${formatCount(made.returns, 'return')} to the server itself`,
    `ended: ${formatCount(ended.refused, 'recipient')} refused, ${ended.dropped} dropped with a receipt, ${ended.delivered} delivered, ${ended.failed} failed, ${ended.deferred} deferred`,
    ...rankedLine('clients', clients),
    ...rankedLine('senders', senders),
    ...rankedLine('sites', sites),
  ];
  if (incident.samples.length > 0) lines.push(`samples: ${incident.samples.join(', ')}`);
  if (incident.joined.length > 0) lines.push(`part of it: ${incident.joined.join(', ')}`);
  return lines;
}

function sizeOf(bytes: number): string {
  return bytes > 0 ? ` of ${formatSize(bytes)}` : '';
}

function rankedLine(what: string, { distinct, top }: Ranked): string[] {
  if (distinct === 0) return [];
  const shown = top
    .slice(0, 5)
    .map(({ name, count }) => `${name === '' ? '<>' : name} (${count})`)
    .join(', ');
  return [`${what}: ${distinct}${shown === '' ? '' : `, ${shown}`}`];
}
