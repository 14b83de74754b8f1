import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { incidentLink, parseLink, spanLink } from './links.ts';

const day = (year: number, month: number, date: number) =>
  new Date(year, month - 1, date).getTime();

const spans: readonly [text: string, start: number, end: number][] = [
  ['/2006/09/05', day(2006, 9, 5), day(2006, 9, 6)],
  ['/2006/09', day(2006, 9, 1), day(2006, 10, 1)],
  ['/2006/09/03-05', day(2006, 9, 3), day(2006, 9, 6)],
  ['/2006/08/28-09/05', day(2006, 8, 28), day(2006, 9, 6)],
  ['/2006/08/28-2006/09/05', day(2006, 8, 28), day(2006, 9, 6)],
  ['/2006/12/30-2007/01/02', day(2006, 12, 30), day(2007, 1, 3)],
];
for (const [text, start, end] of spans)
  test(`${text} is a link to a time`, () =>
    assert.deepEqual(parseLink(text), { kind: 'span', start, end }));

for (const text of ['/2006/09/05.1', '2006-09-05.1', '2006/09/05.1'])
  test(`${text} is a link to an incident`, () =>
    assert.deepEqual(parseLink(text), { kind: 'incident', id: '2006-09-05.1' }));

for (const text of [
  '',
  '/',
  '/2006',
  '/2006/13',
  '/2006/02/30',
  '/2006/09/05-03',
  '/2006/02/30.1',
  '/2006/09/05.0',
  '/2006/09/05.1x',
  '/2006/09/05-2006/09',
  'yesterday',
])
  test(`"${text}" is no link`, () => assert.equal(parseLink(text), null));

test('a link to a span leads to all of its days, and to no other', () => {
  const times = fc.integer({ min: day(1970, 1, 2), max: day(2100, 1, 1) });
  fc.assert(
    fc.property(times, times, (one, other) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      const found = parseLink(spanLink(start, end));
      assert.ok(found?.kind === 'span');
      assert.ok(found.start <= start && end < found.end);
      assert.equal(spanLink(found.start, found.end - 1), spanLink(start, end));
    }),
  );
});

test('a link to an incident leads back to it', () => {
  assert.equal(incidentLink('2006-09-05.12'), '/2006/09/05.12');
  const id = '2006-09-05.12';
  assert.deepEqual(parseLink(incidentLink(id)), { kind: 'incident', id });
});
