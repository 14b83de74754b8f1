/**
 * When it was, in local time: the date stands only where it is not today's.
 */
import { formatLocalTime } from '../../mail/amounts.ts';

/** What a date can hold, ECMA-262 §21.4.1.1; files may say anything. */
const latest = 8.64e15;

/** `at 03:12`, `between 03:12 and 09:40`, `on 2006-09-05 between 03:12 and 09:40`; null: no time. */
export function spanInWords(from: number, until: number, now: number): string | null {
  if (![from, until].every((at) => Math.abs(at) <= latest)) return null;
  const [fromDay, fromTime] = dayAndTime(from);
  const [untilDay, untilTime] = dayAndTime(until);
  if (fromDay !== untilDay) return `between ${fromDay} ${fromTime} and ${untilDay} ${untilTime}`;
  const [today] = dayAndTime(now);
  const day = fromDay === today ? '' : `on ${fromDay} `;
  return fromTime === untilTime
    ? `${day}at ${fromTime}`
    : `${day}between ${fromTime} and ${untilTime}`;
}

function dayAndTime(at: number): [day: string, time: string] {
  const text = formatLocalTime(at);
  const blank = text.lastIndexOf(' ');
  return [text.slice(0, blank), text.slice(blank + 1, blank + 6)];
}
