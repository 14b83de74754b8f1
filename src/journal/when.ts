/**
 * Times as an admin types them, in local time unless they name a zone.
 */

/** ms since 1970; a day ends where the next one begins, a moment ends where it begins. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

export const whenExamples = '2h, 3d, today, yesterday, 2006-09-05, 2006-09 or 2006-09-05T14:30';

const units = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

const date = /^(\d{4})(?:[-/](\d\d)(?:[-/](\d\d))?)?$/;
const moment =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/i;

/**
 * Reads `2h` (so long ago), `today`, `yesterday`, `2006-09-05`, `2006-09`, `2006` and
 * `2006-09-05T14:30[:00[.000]][Z|+02:00]`, also with slashes as in the links of the journal and with
 * a space for the T. Null where it is none of them, or names a day that there never was.
 */
export function parseWhen(text: string, now: number): TimeSpan | null {
  const word = text.trim().toLowerCase();
  const today = new Date(now);
  const [year, month, day] = [today.getFullYear(), today.getMonth(), today.getDate()];
  if (word === 'now') return { start: now, end: now };
  if (word === 'today') return days(year, month, day);
  if (word === 'yesterday') return days(year, month, day - 1);
  return parseAgo(word, now) ?? parseDate(word) ?? parseMoment(word);
}

function parseAgo(text: string, now: number): TimeSpan | null {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const length = units.get(unit);
  if (length === undefined) return null;
  const at = now - Number(number) * length;
  return { start: at, end: at };
}

function parseDate(text: string): TimeSpan | null {
  const [, year, month, day] = date.exec(text) ?? [];
  if (year === undefined) return null;
  if (month === undefined) return span(local(Number(year), 0, 1), local(Number(year) + 1, 0, 1));
  const [y, m] = [Number(year), Number(month) - 1];
  if (m < 0 || m > 11) return null;
  if (day === undefined) return span(local(y, m, 1), local(y, m + 1, 1));
  return isDay(y, m, Number(day)) ? days(y, m, Number(day)) : null;
}

function parseMoment(text: string): TimeSpan | null {
  const found = moment.exec(text);
  if (!found) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (!isDay(year, month - 1, day) || hour > 23 || minute > 59 || second > 60) return null;
  const ms = Number((found[7] ?? '').padEnd(3, '0'));
  const zone = found[8];
  const at =
    zone === undefined
      ? local(year, month - 1, day, hour, minute, second, ms)
      : Date.UTC(year, month - 1, day, hour, minute, second, ms) - offset(zone);
  return { start: at, end: at };
}

/** ms east of Greenwich. */
function offset(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function isDay(year: number, month: number, day: number): boolean {
  const found = new Date(Date.UTC(2000, month, day));
  found.setUTCFullYear(year, month, day);
  return found.getUTCMonth() === month && found.getUTCDate() === day;
}

function days(year: number, month: number, day: number): TimeSpan {
  return span(local(year, month, day), local(year, month, day + 1));
}

function span(start: number, end: number): TimeSpan {
  return { start, end };
}

/** Days and months may run over: they lead into the next month and year. */
function local(year: number, month: number, day: number, ...time: number[]): number {
  const [hour = 0, minute = 0, second = 0, ms = 0] = time;
  const found = new Date(2000, 0, 1, hour, minute, second, ms);
  // The constructor would take the years 0 to 99 for those of the last century.
  found.setFullYear(year, month, day);
  return found.getTime();
}
