/**
 * From when on the year runs whose name the stamps of a log leave out.
 *
 * A file tells by its last change, unless it is a copy. Some servers tell better: names of messages hold the time.
 */
import { timeOfLongId } from '../../foreign/postfix/queue-id.ts';
import { dayOfId } from '../../foreign/sendmail/log-line.ts';

const day = 86_400_000;
const year = 365 * day;
/** Names that must agree on a year. */
const enough = 3;

/** `head`: the beginning of the log. `changedAt`: ms since 1970. */
export function yearBegin(head: string, changedAt: number): number {
  const begin = changedAt + day - year;
  return yearBeginByNames(head) ?? yearBeginByLeapDay(head, begin, begin + year) ?? begin;
}

/** A leap day that the year from `begin` to `end` does not have is the last one before; null: it is none such. */
function yearBeginByLeapDay(head: string, begin: number, end: number): number | null {
  if (!/^Feb 29 /m.test(head)) return null;
  let leapYear = new Date(end).getFullYear();
  while (!isLeapDay(leapYear) || leapDayOf(leapYear) > end) leapYear--;
  if (leapDayOf(leapYear) >= begin) return null;
  const first = Date.parse(`${/^[A-Z][a-z]{2} [ \d]\d(?= )/m.exec(head)?.[0]} ${leapYear}`);
  if (!Number.isFinite(first)) return null;
  const before = new Date(first);
  if (first > leapDayOf(leapYear)) before.setFullYear(leapYear - 1);
  return before.getTime() - day;
}

function isLeapDay(inYear: number): boolean {
  return new Date(leapDayOf(inYear)).getMonth() === 1;
}

/** ms since 1970; of any other year its first of March. */
function leapDayOf(inYear: number): number {
  return new Date(inYear, 1, 29).getTime();
}

function yearBeginByNames(head: string): number | null {
  const times: number[] = [];
  // Behind the program that begins a line: what strangers wrote comes later.
  for (const [, word = ''] of head.matchAll(/^[^\]\n]*\]: ([0-9A-Za-z]{9,24}): /gm)) {
    const time = timeOfLongId(word) ?? timeOfSendmail(word);
    // 1990 is before both servers.
    if (time !== null && time > 20 * year) times.push(time);
    if (times.length === enough) break;
  }
  const first = Math.min(...times);
  // By chance a word is a name, three alike are not.
  const isClear = times.length === enough && Math.max(...times) - first < 60 * day;
  return isClear ? first - 2 * day : null;
}

function timeOfSendmail(word: string): number | null {
  // 14 characters and more: twelve of time and number, and the pid.
  const found = word.length >= 14 && word.length <= 16 ? dayOfId(word) : null;
  return found && Date.UTC(...found);
}
