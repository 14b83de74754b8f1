/**
 * What `spillway story --json` prints: one document. Times are UTC; texts of strangers stand there exactly.
 */

import { describeIncident } from '../journal/story/incident-story.ts';
import type { SourceReport } from '../journal/story/log-source.ts';
import type { Story } from '../journal/story/tell.ts';
import type { Incident } from '../verdict/flood/incident.ts';

export function storyDocument({ asked, span, totals, incidents, series, sources }: Story) {
  return {
    from: timeOf(span?.first ?? null),
    until: timeOf(span?.last ?? null),
    asked: { since: timeOf(asked.since), until: timeOf(asked.until) },
    totals,
    incidents: incidents.map(incidentDocument),
    series: { ...series, from: timeOf(series.from) },
    sources: sources.map(sourceDocument),
  };
}

function incidentDocument({ start, end, ...rest }: Incident) {
  const { title, what, damage, advice } = describeIncident({ start, end, ...rest });
  const words = { title, what, damage, advice };
  return { ...rest, start: timeOf(start), end: timeOf(end), words };
}

function sourceDocument({ first, last, ...rest }: SourceReport) {
  return { ...rest, first: timeOf(first), last: timeOf(last) };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
