import assert from 'node:assert/strict';
import test from 'node:test';
import { liveMemory } from '../../../test/live-memory.ts';
import { defaultStandingLimits, Standings } from './standings.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** So many recipients that exist and that do not, evenly over the time. */
function standingsAfter(good: number, unknown: number, time: number): Standings {
  const standings = new Standings();
  const all = good + unknown;
  for (let i = 0; i < all; i++) standings.count('client', i < good, (i * time) / (all - 1));
  return standings;
}

const cases: readonly [name: string, good: number, unknown: number, time: number, want: boolean][] =
  [
    ['who sends good mail for hours', 100, 5, 3 * hour, true],
    ['who came just now', 100, 0, hour / 2, false],
    ['who sent little', 10, 0, 3 * hour, false],
    ['who often names unknown ones', 100, 30, 3 * hour, false],
  ];
for (const [name, good, unknown, time, want] of cases)
  test(`${name} is ${want ? 'good' : 'not known as good'}`, () =>
    assert.equal(standingsAfter(good, unknown, time).isGood('client', time), want));

test('a good name is lost by harvesting, and what is long ago counts little', () => {
  const standings = standingsAfter(100, 0, 3 * hour);
  for (let i = 0; i < 20; i++) standings.count('client', false, 3 * hour);
  assert.equal(standings.isGood('client', 3 * hour), false);
  for (let i = 0; i < 60; i++) standings.count('client', true, 60 * day);
  assert.equal(standings.isGood('client', 60 * day), true);
});

test('memory is bounded: who is heard of stays, and so do good ones whom a crowd drowns out', () => {
  const standings = new Standings({ ...defaultStandingLimits, clients: 10, good: 2, age: 0 });
  for (let i = 0; i < 1000; i++) {
    standings.count(`client-${i}`, true, i);
    standings.count('faithful', true, i);
    if (i < 5) standings.count('quiet', true, i);
  }
  assert.equal(standings.isGood('faithful', 1000), true);
  assert.equal(standings.isGood('quiet', 1000), true);
  for (let i = 0; i < 1000; i++) standings.count(`client-${i}`, true, i);
  for (let i = 0; i < 20; i++) for (let n = 0; n < 3; n++) standings.count(`good-${i}`, true, 2000);
  assert.deepEqual(
    standings.good().map(({ client }) => client),
    Array.from({ length: 10 }, (_, i) => `good-${i + 10}`),
  );
});

test('who was good in another run is so in the next, and can lose that there', () => {
  const before = standingsAfter(100, 5, 3 * hour);
  const standings = new Standings();
  standings.resume(before.good());
  assert.equal(standings.isGood('client', 4 * hour), true);
  for (let i = 0; i < 20; i++) standings.count('client', false, 4 * hour);
  assert.equal(standings.isGood('client', 4 * hour), false);
  assert.deepEqual(standings.good(), []);
});

test('a clock that is set back takes nobody a good name', () => {
  const standings = new Standings();
  for (let i = 0; i < 100; i++) standings.count('client', true, 400 * day + (i * 3 * hour) / 99);
  assert.equal(standings.isGood('client', day), true);
  standings.count('client', true, day);
  assert.equal(standings.isGood('client', day), true);
});

test('a name that is part of a large text does not keep it alive', () => {
  const standings = new Standings();
  const before = liveMemory();
  for (let i = 100; i < 300; i++) {
    const [, client = ''] = `${'x'.repeat(1_000_000)} 198.100.100.${i}`.split(' ');
    standings.count(client, true, i);
  }
  const used = (liveMemory() - before) / 2 ** 20;
  assert.equal(standings.isGood('198.100.100.100', 300), false);
  assert.ok(used < 50, `${used} MB`);
});
