import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseWhen } from './when.ts';

process.env['TZ'] = 'Europe/Berlin';
const now = new Date(2006, 8, 5, 14, 30).getTime();
const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(...parts).getTime();

const moments: readonly [text: string, at: number][] = [
  ['now', now],
  ['2h', now - 2 * 3_600_000],
  ['90s', now - 90_000],
  [' 15M ', now - 15 * 60_000],
  ['3d', now - 3 * 86_400_000],
  ['1w', now - 7 * 86_400_000],
  ['2006-09-05T14:30', local(2006, 8, 5, 14, 30)],
  ['2006-09-05 14:30:15', local(2006, 8, 5, 14, 30, 15)],
  ['2006-09-05T14:30:15.25', local(2006, 8, 5, 14, 30, 15) + 250],
  ['2006-09-05T14:30:15Z', Date.UTC(2006, 8, 5, 14, 30, 15)],
  ['2006-09-05t14:30+02:00', Date.UTC(2006, 8, 5, 12, 30)],
  ['2006-09-05T14:30-0130', Date.UTC(2006, 8, 5, 16, 0)],
];
for (const [text, at] of moments)
  test(`a moment: ${text}`, () => assert.deepEqual(parseWhen(text, now), { start: at, end: at }));

const spans: readonly [text: string, start: number, end: number][] = [
  ['today', local(2006, 8, 5), local(2006, 8, 6)],
  ['Yesterday', local(2006, 8, 4), local(2006, 8, 5)],
  ['2006-09-05', local(2006, 8, 5), local(2006, 8, 6)],
  ['2006/09/05', local(2006, 8, 5), local(2006, 8, 6)],
  ['2006-12', local(2006, 11, 1), local(2007, 0, 1)],
  ['2006', local(2006, 0, 1), local(2007, 0, 1)],
  ['2004-02-29', local(2004, 1, 29), local(2004, 2, 1)],
];
for (const [text, start, end] of spans)
  test(`a span: ${text}`, () => assert.deepEqual(parseWhen(text, now), { start, end }));

test('a day is as long as it was: 23 and 25 hours where the clock changes', () => {
  const hours = (text: string) => {
    const span = parseWhen(text, now);
    return span && (span.end - span.start) / 3_600_000;
  };
  assert.deepEqual([hours('2006-03-26'), hours('2006-10-29'), hours('2006-09-05')], [23, 25, 24]);
});

const wrong = [
  '',
  'soon',
  '2',
  'h',
  '-2h',
  '2 h',
  '1234567d',
  '2006-13',
  '2006-02-30',
  '2005-02-29',
  '2006-9-5',
  '06-09-05',
  '2006-09-05T25:00',
  '2006-09-05T10',
  '2006-09-05T10:60',
  '20060905',
  '2006-00-10',
  '2006-09-05T10:00+2',
  '2006-09-05T10:00+99:99',
];
for (const text of wrong)
  test(`no time: ${JSON.stringify(text)}`, () => assert.equal(parseWhen(text, now), null));

test('any text is a span or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-0-9T:. Z+/]{1,24}$/)), (text) => {
      const span = parseWhen(text, now);
      assert.ok(span === null || (span.start <= span.end && !Number.isNaN(span.end)));
    }),
  );
});
