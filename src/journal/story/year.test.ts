import assert from 'node:assert/strict';
import test from 'node:test';
import { yearBegin } from './year.ts';

const changed = Date.UTC(2026, 10, 29);
const head = 'Sep  5 03:12:00 host7 sendmail[1]: ';
const cases: readonly [name: string, text: string, year: number][] = [
  [
    'no names: the year before the last change',
    'Sep  5 03:12:00 mx postfix/qmgr[1]: AB12345: removed\n'.repeat(5),
    2025,
  ],
  ['names of sendmail of 2006', `${head}k853CAAA000001: x\n`.repeat(3), 2006],
  ['too few of them', `${head}k853CAAA000001: x\n`.repeat(2), 2025],
  [
    'names that do not agree',
    `${head}k853CAAA000001: x\n${head}A853CAAA000001: x\n${head}k853CAAA000001: x\n`,
    2025,
  ],
  [
    'long names of Postfix of 2013',
    'Sep  5 03:12:00 mx postfix/qmgr[1]: 3bbTMR5Ghbz9sCF: removed\n'.repeat(3),
    2013,
  ],
  [
    'a leap day: the last year that had one',
    'Feb 28 23:59:59 mx a: b\nFeb 29 00:00:00 mx a: b\n',
    2024,
  ],
  [
    'a leap day in a log that began the year before',
    'Dec 28 03:12:00 mx a: b\nFeb 29 00:00:00 mx a: b\n',
    2023,
  ],
  ['a leap day that a stranger names', 'Sep  5 03:12:00 mx a: Feb 29 00:00:00\n', 2025],
  [
    'names that a stranger writes',
    'Sep  5 03:12:00 mx postfix/smtpd[1]: NOQUEUE: reject: from=<"x]: 3bbTMR5Ghbz9sCF: "@a.example>\n'.repeat(
      3,
    ),
    2025,
  ],
  ['nothing at all', '', 2025],
];
for (const [name, text, year] of cases)
  test(name, () => assert.equal(new Date(yearBegin(text, changed)).getUTCFullYear(), year));

test('a leap day of the last year is of that year', () => {
  const head = 'Feb 28 23:59:59 mx a: b\nFeb 29 00:00:00 mx a: b\n';
  const begin = yearBegin(head, Date.UTC(2024, 2, 2));
  assert.equal(new Date(begin).getUTCFullYear(), 2023);
});
