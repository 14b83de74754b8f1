/**
 * The permanent links of the journal: a date is the link to that day.
 *
 * `/2006/09/05`, a month `/2006/09`, any span of days `/2006/09/03-05` or `/2006/08/28-2006/09/05`, and one
 * incident `/2006/09/05.1`, whose id is `2006-09-05.1`. Days are local.
 */
import { parseWhen, type TimeSpan } from './when.ts';

export type JournalLink =
  | ({ readonly kind: 'span' } & TimeSpan)
  | { readonly kind: 'incident'; readonly id: string };

const incident = /^\/?(\d{4})[-/](\d\d)[-/](\d\d)\.([1-9]\d{0,5})$/;
const single = /^\/(\d{4}\/\d\d(?:\/\d\d)?)$/;
const span = /^\/(\d{4})\/(\d\d)\/(\d\d)-(?:(?:(\d{4})\/)?(\d\d)\/)?(\d\d)$/;

/** Null where it is no link, names a day that there never was, or ends before it begins. */
export function parseLink(text: string): JournalLink | null {
  const [, year, month, day, number] = incident.exec(text) ?? [];
  if (number !== undefined) {
    const isDay = parseWhen(`${year}-${month}-${day}`, 0) !== null;
    return isDay ? { kind: 'incident', id: `${year}-${month}-${day}.${number}` } : null;
  }
  const [, date] = single.exec(text) ?? [];
  if (date !== undefined) return spanOf(parseWhen(date, 0), parseWhen(date, 0));
  const [, firstYear, firstMonth, firstDay, lastYear, lastMonth, lastDay] = span.exec(text) ?? [];
  if (lastDay === undefined) return null;
  const last = [lastYear ?? firstYear, lastMonth ?? firstMonth, lastDay].join('-');
  return spanOf(parseWhen(`${firstYear}-${firstMonth}-${firstDay}`, 0), parseWhen(last, 0));
}

function spanOf(first: TimeSpan | null, last: TimeSpan | null): JournalLink | null {
  if (!first || !last || last.start < first.start) return null;
  return { kind: 'span', start: first.start, end: last.end };
}

/** `/2006/09/05.1` */
export function incidentLink(id: string): string {
  return `/${id.replaceAll('-', '/')}`;
}

/** The shortest link to the days from the one that `start` is in to the one that `end` is in. */
export function spanLink(start: number, end: number): string {
  const [first, last] = [dayOf(start), dayOf(end)];
  if (first === last) return `/${first}`;
  // What both have in common at the front is said once, in whole parts.
  if (first.slice(0, 7) === last.slice(0, 7)) return `/${first}-${last.slice(8)}`;
  return `/${first}-${first.slice(0, 4) === last.slice(0, 4) ? last.slice(5) : last}`;
}

function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const year = String(date.getFullYear()).padStart(4, '0');
  return `${year}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
}
