import assert from 'node:assert/strict';
import test from 'node:test';
import { createLane, defaultLaneLimits, type HopState, type Lane } from './lane.ts';

const limits = { ...defaultLaneLimits, firstBackOff: 5000, longestBackOff: 20_000 };

function laneOf(): Lane {
  return createLane(limits, () => 0.5);
}

/** Starts as many as there is space for. */
function fill(lane: Lane, now: number): number {
  let started = 0;
  while (lane.hasSpace(now, true)) {
    lane.start(now);
    started++;
  }
  return started;
}

function once(lane: Lane, state: HopState, now: number): void {
  lane.start(now);
  lane.end(state, now);
}

test('it starts five wide and leaves the last place to fresh mail', () => {
  const lane = laneOf();
  for (let n = 0; n < 4; n++) lane.start(0);
  assert.equal(lane.hasSpace(0, false), false);
  assert.equal(lane.hasSpace(0, true), true);
  assert.equal(fill(lane, 0), 1);
});

test('it does not widen while its width is not used', () => {
  const lane = laneOf();
  for (let n = 0; n < 1000; n++) once(lane, 'up', n);
  assert.equal(fill(lane, 1000), 5);
});

test('a hop nobody knows closes at its first failure, and a longer time each time', () => {
  const lane = laneOf();
  once(lane, 'down', 0);
  assert.equal(lane.closedUntil(0), 5000);
  assert.equal(lane.hasSpace(4999, true), false);
  assert.equal(fill(lane, 5000), 1, 'one probe');
  lane.end('down', 5000);
  assert.equal(lane.closedUntil(5000), 15_000);
  once(lane, 'down', 15_000);
  once(lane, 'down', 35_000);
  assert.equal(lane.closedUntil(35_000), 55_000);
});

test('after a probe that got through it is as wide as at first', () => {
  const lane = laneOf();
  once(lane, 'down', 0);
  once(lane, 'up', 5000);
  assert.equal(lane.isDown, false);
  assert.equal(fill(lane, 5000), 5);
});

test('failures of what was under way when it closed do not close it for longer', () => {
  const lane = laneOf();
  fill(lane, 0);
  for (let n = 0; n < 5; n++) lane.end('down', 100);
  assert.equal(lane.closedUntil(100), 5100);
});

test('a hop that did well narrows at a failure, and closes at the third in a row', () => {
  const lane = laneOf();
  once(lane, 'up', 0);
  once(lane, 'down', 1);
  assert.equal(fill(lane, 2), 2);
  lane.end('up', 3);
  lane.end('up', 3);
  once(lane, 'down', 4);
  once(lane, 'down', 5);
  assert.equal(lane.closedUntil(5), null);
  once(lane, 'down', 6);
  assert.equal(lane.closedUntil(6), 5006);
});

test('what was not asked tells nothing of it', () => {
  const lane = laneOf();
  once(lane, 'down', 0);
  once(lane, 'untold', 5000);
  assert.equal(lane.isDown, true);
  assert.equal(fill(lane, 5001), 1, 'the next one is the probe');
});
