/**
 * An incident in a few lines that an admin understands: what, since when, how much of it.
 *
 * It holds texts of strangers, unescaped.
 */

import { formatCount, formatDuration, formatLocalTime, formatSize } from '../mail/amounts.ts';
import { mostExact } from '../verdict/flood/distinct-counter.ts';
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

/** `1 client`, `312 domains`, `about 4,300 clients`: of different ones more than `exact` are an estimate. */
export function formatDifferent(count: number, one: string, exact = mostExact): string {
  if (count <= exact) return formatCount(count, one);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return `about ${formatCount(Math.round(count / unit) * unit, one)}`;
}

/** `about 410 connections`; null: it is not known. */
export function connectionsOf({ received }: Incident): string | null {
  return received.connections === null ? null : formatDifferent(received.connections, 'connection');
}

/** `2 min 5 s of CPU`, which are Spillway's own; null: they are not known. */
export function cpuOf({ made }: Incident): string | null {
  return made.cpu === null ? null : `${formatDuration(Math.max(100, made.cpu))} of CPU`;
}

/** Lines without end. */
export function incidentLines(incident: Incident): string[] {
  const { start, end, isOpen, received, made, ended, clients, senders, sites } = incident;
  const lasting = formatDuration(end - start);
  const [connections, cpu] = [connectionsOf(incident), cpuOf(incident)];
  const lines = [
    isOpen
      ? `since ${formatLocalTime(start)}, for ${lasting} now`
      : `from ${formatLocalTime(start)} until ${formatLocalTime(end)}, ${lasting}`,
    `came in: ${formatCount(received.recipients, 'recipient')} tried, ${formatCount(received.unknown, 'unknown one')}; ${formatCount(received.messages, 'message')}${sizeOf(received.bytes)}${connections === null ? '' : `; over ${connections}`}`,
    `made of it: ${formatCount(made.notices, 'notice')}, ${formatCount(made.deliveries, 'attempt')} to deliver${sizeOf(made.bytes)}, ${formatCount(made.returns, 'return')} to the server itself${cpu === null ? '' : `; ${cpu} of Spillway's`}`,
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
