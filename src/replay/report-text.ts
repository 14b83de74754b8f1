/**
 * The report of a replay as a short story with figures, for the admin.
 */
import { printable } from '../mail/printable.ts';
import { replayCases } from './cases.ts';
import type { ReplayReport } from './report.ts';
import type { Fate } from './tally.ts';

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

export function formatReport(report: ReplayReport, paint: Paint): string {
  const { spam, wanted, misaddressed, notices } = report;
  const lines = [
    verdictLine(report, paint),
    ...report.signs.map((sign) => `  - ${sign}`),
    '',
    truthLine(report),
    '',
    `Against ${report.target}, seed ${printable(report.seed, 80)}: ${plural(report.messages.done, 'message')} in ${short(report.seconds.load)} s.`,
    '',
    row('Spam', fateLine(spam)),
    row('', `recipients: ${spam.recipients.accepted} accepted, ${spam.recipients.refused} refused`),
    row('Wanted', `${fateLine(wanted)}; ${wanted.delivered} delivered, ${wanted.missing} missing`),
  ];
  if (wanted.seconds) {
    const { p50, p99, max } = wanted.seconds;
    lines.push(
      row('', `delivered within p50 ${short(p50)} s, p99 ${short(p99)} s, max ${short(max)} s`),
    );
  }
  if (misaddressed.planned > 0) {
    const noticed = `${misaddressed.noticed} of ${misaddressed.accepted} senders got their notice`;
    lines.push(row('Misaddressed', `${fateLine(misaddressed)}; ${noticed}`));
  }
  for (const { name, door, noticed } of report.variants) {
    const seen = noticed ? '; notice seen' : '';
    lines.push(row('Odd DNS', `${name.padEnd(12)} ${printable(door, 120)}${seen}`));
  }
  lines.push(
    row(
      'Notices',
      `${notices.sink} at the good sink, ${notices.backend} at the backend, ${notices.blackhole ?? 'not observed'} at the black hole; ${notices.aboutSpam} about spam`,
    ),
    row(
      'Itself',
      report.selfConnections === null
        ? 'connections from the server to itself cannot be seen from here'
        : plural(report.selfConnections, 'connection', ' from the server to itself seen'),
    ),
  );
  if (report.dns) {
    const { questions, forForgedSender } = report.dns;
    const about = `${forForgedSender} about the forged sender's domain`;
    lines.push(row('DNS', `${plural(questions, 'question')}, ${about}`));
  }
  if (report.refusals.length > 0) lines.push('', 'What it said:');
  for (const { kind, stage, reply, count } of report.refusals.slice(0, mostReplies))
    lines.push(`  ${String(count).padStart(6)} x ${kind}, ${stage}: ${printable(reply, 160)}`);
  if (report.remarks.length > 0)
    lines.push('', ...report.remarks.map((remark) => `Note: ${remark}.`));
  return lines.join('\n');
}

function truthLine({ name, truth }: ReplayReport): string {
  const played = `Played: ${replayCases[name].title}.`;
  if (truth.cause === null) return `${played} No incident should be seen in it.`;
  const about = !truth.subject ? '' : ` about ${truth.subject}`;
  return `${played} One incident should be seen in it: ${truth.cause}${about}.`;
}

function row(label: string, text: string): string {
  return `${label.padEnd(13)} ${text}`;
}

const mostReplies = 12;

function verdictLine(report: ReplayReport, paint: Paint): string {
  switch (report.verdict) {
    case 'dry':
      return paint.good('The server stayed dry.');
    case 'drowned':
      return paint.bad('The server drowned:');
    case 'unfinished':
      return 'The replay was interrupted; until then the server stayed dry.';
  }
}

/** `2000 sent: 12 accepted, 1988 refused at mail, 3 deferred at rcpt, 1 broken` */
function fateLine(fate: Fate): string {
  const parts = [`${fate.accepted} accepted`];
  for (const [stage, count] of Object.entries(fate.refused))
    parts.push(`${count} refused at ${stage}`);
  for (const [stage, count] of Object.entries(fate.deferred))
    parts.push(`${count} deferred at ${stage}`);
  if (fate.broken > 0) parts.push(`${fate.broken} broken`);
  return `${fate.planned} sent: ${parts.join(', ')}`;
}

function plural(count: number, word: string, more = ''): string {
  return `${count} ${word}${count === 1 ? '' : 's'}${more}`;
}

function short(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0);
}
