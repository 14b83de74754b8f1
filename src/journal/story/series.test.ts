import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeriesRecorder, seriesNames } from './series.ts';

const received = (at: number) =>
  ({
    kind: 'received',
    at,
    client: null,
    connection: null,
    reversePath: null,
    forwardPath: null,
    bytes: 1,
    recipients: 1,
  }) as const;

test('nothing was seen', () => {
  const { counts } = new SeriesRecorder().series();
  for (const name of seriesNames) assert.deepEqual(counts[name], []);
});

test('whatever the times, nothing is lost, and slices are few', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e12, max: 4e12 }), { minLength: 1 }), (times) => {
      const recorder = new SeriesRecorder();
      for (const at of times) recorder.add(received(at));
      const { from, step, counts } = recorder.series();
      assert.ok(counts.received.length <= 4096);
      assert.equal(
        counts.received.reduce((sum, one) => sum + one, 0),
        times.length,
      );
      assert.ok(from <= Math.min(...times) && from > Math.min(...times) - step);
      assert.ok(from + step * counts.received.length > Math.max(...times));
    }),
  );
});
