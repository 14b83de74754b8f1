/**
 * The story as one page that needs nothing else: no script, no font, no picture from elsewhere.
 *
 * All of it is escaped; a policy in its head lets nothing run even if that should fail.
 */
import {
  formatCount,
  formatDuration,
  formatLocalTime,
  formatNumber,
  formatSize,
} from '../../mail/amounts.ts';
import { printable } from '../../mail/printable.ts';
import type { Incident, Ranked } from '../../verdict/flood/incident.ts';
import { connectionsOf, cpuOf } from '../incident-words.ts';
import { drawChart, labelOf, slotsOf } from './chart.ts';
import { describeIncident, nameOf } from './incident-story.ts';
import { describeNothing } from './nothing-words.ts';
import { pageStyle } from './page-style.ts';
import { type SeriesName, seriesNames } from './series.ts';
import { sourceName, troublesOf } from './source-words.ts';
import type { Story } from './tell.ts';

const shown: readonly SeriesName[] = ['received', 'refused', 'notices', 'returns'];
const shownIncidents = 50;
const policy = "default-src 'none'; style-src 'unsafe-inline'";

export function formatPage(story: Story): string {
  const { incidents, sources } = story;
  const title = titleOf(story);
  const troubles = troublesOf(story);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(title)}</title><style>${pageStyle}</style></head><body><main>
<h1>${escaped(title)}</h1>
<p class="dim">${escaped(spanOf(story))}</p>
${story.span ? tiles(story) : ''}
${overview(story)}
${incidents
  .slice(0, shownIncidents)
  .map((incident) => incidentSection(story, incident))
  .join('\n')}
${incidents.length > shownIncidents ? `<p>And ${escaped(formatCount(incidents.length - shownIncidents, 'smaller incident'))}.</p>` : ''}
${troubles.length > 0 ? `<section><h2>About the logs</h2><p></p>${troubles.map((text) => `<p>${escaped(text)}</p>`).join('')}</section>` : ''}
<footer>${escaped(sources.map(({ name }) => sourceName(name)).join(', '))}. Times are local. Told by Spillway.</footer>
</main></body></html>
`;
}

function titleOf(story: Story): string {
  const { incidents, span } = story;
  if (!span) return capital(describeNothing(story).title);
  const [only, ...others] = incidents;
  if (!only) return 'An ordinary time: no incident';
  if (others.length === 0) return describeIncident(only).title;
  return `${formatCount(incidents.length, 'incident')} in the mail`;
}

function spanOf(story: Story): string {
  const { span } = story;
  if (!span) return describeNothing(story).why;
  return `${formatLocalTime(span.first)} until ${formatLocalTime(span.last)}`;
}

function tiles({ totals }: Story): string {
  const { received, bytes, refused, notices, returns, deliveries } = totals;
  const told: readonly (readonly [string, string])[] = [
    [formatNumber(received), `messages received, ${formatSize(bytes)}`],
    [formatNumber(refused), 'recipients refused at the door'],
    [formatNumber(deliveries), 'attempts to deliver'],
    [formatNumber(notices), 'failure notices written'],
    [formatNumber(returns), 'came back to the server itself'],
  ];
  const tile = ([value, label]: readonly [string, string]) =>
    `<div class="tile"><b>${escaped(value)}</b><span>${escaped(label)}</span></div>`;
  return `<div class="tiles">${told.map(tile).join('')}</div>`;
}

function overview({ span, series, incidents }: Story): string {
  if (!span) return '';
  const [only, ...others] = incidents;
  const isAll =
    only && others.length === 0 && only.end - only.start > 0.7 * (span.last - span.first);
  if (isAll) return '';
  const bands = incidents
    .slice(0, shownIncidents)
    .map(({ id, start, end }) => ({ from: start, until: end, label: escaped(id) }));
  const title = 'What came in, was refused, written and came back over the whole time';
  return `<section><h2>The whole time</h2>${chart({ series }, span.first, span.last + 1, bands, title)}</section>`;
}

function incidentSection(story: Story, incident: Incident): string {
  const { id, start, end, received, made } = incident;
  const words = describeIncident(incident);
  const room = Math.max(1000, (end - start) * 0.08);
  const [connections, cpu] = [connectionsOf(incident), cpuOf(incident)];
  const rows: readonly (readonly [string, string, string])[] = [
    ['came in', formatCount(received.messages, 'message'), sizeOf(received.bytes)],
    ...(connections === null ? [] : [['came over', connections, ''] as const]),
    ['went out', formatCount(made.deliveries, 'delivery', 'deliveries'), sizeOf(made.bytes)],
    ['failure notices written', formatNumber(made.notices), ''],
    ['handed to itself', formatNumber(made.returns), ''],
    ...(cpu === null ? [] : [['cost Spillway', cpu, ''] as const]),
  ];
  const isEmpty = received.messages + made.deliveries + made.notices === 0;
  return `<section class="incident"><header><span class="id">${escaped(id)}</span><h2>${escaped(words.title)}</h2>
<p class="dim">${escaped(words.when)}</p></header>
${chart(story, start - room, end + room, [], words.title)}
<h3>What happened</h3>${words.what.map((text) => `<p>${escaped(text)}</p>`).join('')}
<h3>Who does more damage here?</h3><p class="ratio">${escaped(words.damage.join(' '))}</p>
${isEmpty && connections === null ? '' : figures(rows)}
<h3>What to do now</h3><ol>${words.advice.map((text) => `<li>${escaped(text)}</li>`).join('')}</ol>
<div class="columns">${ranking('From clients', incident.clients)}${ranking('In the name of', incident.senders)}${ranking('At domains', incident.sites)}</div>
</section>`;
}

function figures(rows: readonly (readonly string[])[]): string {
  const cell = (text: string, at: number) =>
    `<td${at === 0 ? '' : ' class="number"'}>${escaped(text)}</td>`;
  return `<table class="figures">${rows.map((cells) => `<tr>${cells.map(cell).join('')}</tr>`).join('')}</table>`;
}

function chart(
  { series }: Pick<Story, 'series'>,
  from: number,
  until: number,
  bands: Parameters<typeof drawChart>[1]['bands'],
  title: string,
): string {
  const names = seriesNames.filter((name) => shown.includes(name));
  const drawing = drawChart(series, { names, from, until, bands, title: escaped(title) });
  const legend = names.map(
    (name) =>
      `<li><svg viewBox="0 0 26 10" aria-hidden="true"><line class="line ${name}" x1="0" x2="26" y1="5" y2="5"/></svg>${labelOf(name)}</li>`,
  );
  const { step } = slotsOf(series, from, until);
  return `${drawing}<ul class="legend">${legend.join('')}<li>each point: ${formatDuration(step)}</li></ul>`;
}

/** Nothing where the log does not tell. */
function sizeOf(bytes: number): string {
  return bytes > 0 ? formatSize(bytes) : '';
}

function ranking(title: string, { distinct, top }: Ranked): string {
  const [first] = top;
  if (!first) return '';
  const rows = top
    .slice(0, 8)
    .map(
      ({ name, count }) =>
        `<tr><td>${escaped(nameOf(name))}<span class="bar" style="width:${Math.max(1, Math.round((count / first.count) * 100))}%"></span></td><td>${formatNumber(count)}</td></tr>`,
    );
  const rest = distinct - rows.length;
  const more =
    rest > 0 ? `<tr><td class="dim">and ${formatNumber(rest)} more</td><td></td></tr>` : '';
  return `<div><h3>${escaped(title)}</h3><table>${rows.join('')}${more}</table></div>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For a text between tags, and in quotes. */
function escaped(text: string): string {
  return printable(text, 2000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
