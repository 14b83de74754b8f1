/**
 * The story of logs as text, for somebody who was just woken.
 */

import { connectionsOf, cpuOf } from '../journal/incident-words.ts';
import { describeIncident, rankingInWords } from '../journal/story/incident-story.ts';
import { describeNothing } from '../journal/story/nothing-words.ts';
import { sourceName, troublesOf } from '../journal/story/source-words.ts';
import type { Story } from '../journal/story/tell.ts';
import { formatCount, formatLocalTime, formatNumber, formatSize } from '../mail/amounts.ts';
import { printable } from '../mail/printable.ts';
import type { Incident } from '../verdict/flood/incident.ts';
import type { Output } from './output.ts';
import { wrap } from './wrap.ts';

const shownIncidents = 20;

export function formatStory(story: Story, output: Output, columns: number): string[] {
  const { incidents } = story;
  const { head, text } = beginOf(story);
  const lines = [output.style('bold', head), ...(text === '' ? [] : wrap(text, columns, ''))];
  for (const incident of incidents.slice(0, shownIncidents))
    lines.push('', ...formatIncident(incident, output, columns));
  const smaller = incidents.length - shownIncidents;
  if (smaller > 0)
    lines.push('', `And ${formatCount(smaller, 'smaller incident')} (--json tells all).`);
  lines.push(...formatSources(story, output, columns));
  return lines;
}

function beginOf(story: Story): { head: string; text: string } {
  const { incidents, span, sources } = story;
  const [only, ...others] = sources;
  const where =
    only && others.length === 0 ? sourceName(only.name) : formatCount(sources.length, 'log');
  if (!span) {
    const { title, why } = describeNothing(story);
    return { head: `${where}: ${title}`, text: why };
  }
  const found = incidents.length === 0 ? 'No incident' : formatCount(incidents.length, 'incident');
  const time = `from ${formatLocalTime(span.first)} until ${formatLocalTime(span.last)}`;
  return { head: `${found} in ${where}, ${time}`, text: totalsOf(story) };
}

function totalsOf({ totals }: Story): string {
  const { received, bytes, refused, notices, returns, deliveries } = totals;
  const parts = [
    `${formatCount(received, 'message')} came in${bytes > 0 ? ` (${formatSize(bytes)})` : ''}`,
    `${formatCount(refused, 'recipient')} refused`,
    `${formatCount(deliveries, 'attempt')} to deliver`,
    `${formatCount(notices, 'failure notice')} written`,
    ...(returns > 0 ? [`${formatNumber(returns)} came back to the server itself`] : []),
  ];
  return `In all: ${parts.join(', ')}.`;
}

function formatIncident(incident: Incident, output: Output, columns: number): string[] {
  const { id, received, made, isOpen } = incident;
  const [connections, cpu] = [connectionsOf(incident), cpuOf(incident)];
  const words = describeIncident(incident);
  const paragraph = (text: string) => wrap(text, columns, '  ');
  const small = (label: string, text: string | null) =>
    text === null
      ? []
      : wrap(`${label}${text}`, columns, '    ').map((line, at) =>
          at === 0 ? line.slice(2) : line,
        );
  const samples = incident.samples.slice(0, 3).map((path) => printable(path, 80));
  return [
    `${output.style(isOpen ? ['bold', 'red'] : 'bold', words.title)}  ${output.style('dim', id)}`,
    ...paragraph(words.when),
    '',
    ...paragraph(words.what.join(' ')),
    '',
    output.style('bold', '  Who does more damage here?'),
    ...table([
      ['came in', formatCount(received.messages, 'message'), sizeOf(received.bytes)],
      ...(connections === null ? [] : [['came over', connections, ''] as const]),
      ['went out', formatCount(made.deliveries, 'delivery', 'deliveries'), sizeOf(made.bytes)],
      ['', `${formatCount(made.notices, 'notice')} written`, ''],
      ['', `${formatNumber(made.returns)} to itself`, ''],
      ...(cpu === null ? [] : [['cost', cpu, ''] as const]),
    ]),
    ...paragraph(words.damage.join(' ')),
    '',
    ...small('From clients: ', rankingInWords(incident.clients)),
    ...small('In the name of: ', rankingInWords(incident.senders)),
    ...small('At domains: ', rankingInWords(incident.sites)),
    ...small('Such as: ', samples.length > 0 ? samples.join(', ') : null),
    '',
    output.style('bold', '  What to do now'),
    ...words.advice.flatMap((text, at) =>
      wrap(text, columns, '     ').map((line, row) =>
        row === 0 ? `  ${at + 1}. ${line.slice(5)}` : line,
      ),
    ),
  ];
}

/** Nothing where the log does not tell. */
function sizeOf(bytes: number): string {
  return bytes > 0 ? formatSize(bytes) : '';
}

function table(rows: readonly (readonly [string, string, string])[]): string[] {
  const shown = rows.filter(([, text]) => !text.startsWith('0 ') || rows.length < 3);
  const width = Math.max(...shown.map(([, text]) => text.length));
  return shown.map(([label, text, size]) =>
    `    ${label.padEnd(11)}${text.padStart(width)}   ${size}`.trimEnd(),
  );
}

function formatSources(story: Story, output: Output, columns: number): string[] {
  const told = troublesOf(story);
  if (told.length === 0) return [];
  return [
    '',
    output.style('bold', 'About the logs'),
    ...told.flatMap((text) => wrap(text, columns, '  ')),
  ];
}
