import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { EntryPlace, Listed, Unreadable } from '../reader.ts';
import { createParcelDesk, packPlaces, placesIn } from './parcels.ts';

const place = fc
  .record({
    id: fc.stringMatching(/^[A-Za-z0-9-]{1,6}$/),
    // An id may occur in the path before, and behind, its own place.
    folder: fc.constantFrom('/q', '/q/a', '/q/ab', '/q/qfA/1', '/A-H', '/q/a/ab12', '/q/b/b3'),
    name: fc.constantFrom(
      (id: string) => id,
      (id: string) => `qf${id}`,
      (id: string) => `hf${id}`,
      (id: string) => `${id}-H`,
    ),
    isAlone: fc.constantFrom(undefined, true, false),
  })
  .map(({ id, folder, name, isAlone }): EntryPlace => {
    const path = `${folder}/${name(id)}`;
    return isAlone === undefined ? { id, path } : { id, path, isAlone };
  });

const listedOf = (places: readonly EntryPlace[]): Listed[] =>
  places.map((one) => ({ kind: 'entry', place: one }));

test('what goes into parcels comes out of them, each entry once and at its first place', () => {
  const places = fc.oneof(
    fc.array(place, { maxLength: 40 }),
    // A flat folder.
    fc
      .nat(1500)
      .map((count) =>
        Array.from({ length: count }, (_, i) => ({ id: `E${i}`, path: `/q/qfE${i}` })),
      ),
  );
  fc.assert(
    fc.property(places, (given) => {
      const packed = [...packPlaces(listedOf(given), () => assert.fail('all are entries'))];
      const first = new Map(given.toReversed().map((one) => [one.id, one]));
      const out = packed.flatMap(({ parcel }) => [...placesIn(parcel)]);
      assert.deepEqual(new Map(out.map((one) => [one.id, one])), first);
      assert.equal(out.length, first.size);
      assert.equal(
        packed.reduce((sum, { count }) => sum + count, 0),
        first.size,
      );
    }),
  );
});

test('a desk gives each parcel to one taker, tells what is no entry, and how many there are at the end', async () => {
  const odd: Unreadable = { path: '/q/odd', problem: 'expected a name' };
  const count = 1000;
  const places = Array.from({ length: count }, (_, i) => ({ id: `E${i}`, path: `/q/E${i}` }));
  const noted: Unreadable[] = [];
  const listed: readonly Listed[] = [{ kind: 'unreadable', ...odd }, ...listedOf(places)];
  const desk = createParcelDesk(listed, (one) => noted.push(one));
  assert.equal(desk.total, null);
  const taken: string[] = [];
  const work = async () => {
    for (let parcel = await desk.take(); parcel; parcel = await desk.take())
      for (const { id } of placesIn(parcel)) taken.push(id);
  };
  await Promise.all([work(), desk.fill(new AbortController().signal), work()]);
  assert.equal(await desk.take(), null);
  assert.deepEqual(taken.toSorted(), places.map(({ id }) => id).toSorted());
  assert.deepEqual(noted, [{ kind: 'unreadable', ...odd }]);
  assert.equal(desk.total, count);
});
