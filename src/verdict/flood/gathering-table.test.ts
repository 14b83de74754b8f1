import assert from 'node:assert/strict';
import test from 'node:test';
import { GatheringTable } from './gathering-table.ts';
import { namesOf } from './named.ts';
import { createSee } from './sight.ts';

const see = createSee(0);
const named = namesOf(0);
const hour = 3_600_000;

function sightAt(at: number) {
  return see(
    {
      kind: 'attempt',
      at,
      client: '192.0.2.7',
      connection: null,
      reversePath: 'ann@example.org',
      forwardPath: `bob${at}@hosted.example`,
      outcome: 'unknown',
    },
    at,
  );
}

test('a flood of keys, each seen once, never pushes out who comes again and again', () => {
  const table = new GatheringTable(100, hour);
  for (let i = 0; i < 100_000; i++) {
    table.see(named(`once-${i}`), i).add(sightAt(i), 'from');
    if (i % 40 === 0) table.see(named('often'), i).add(sightAt(i), 'from');
    assert.ok(table.size <= 100);
  }
  assert.equal(
    table.get(named('often'))?.sum(({ counts }) => counts.attempts),
    2500,
  );
});

test('what is older than the window is not counted', () => {
  const table = new GatheringTable(10, hour);
  const gathering = table.see(named('key'), 0);
  for (let at = 0; at < 10; at++) gathering.add(sightAt(at), 'from');
  const count = () => gathering.sum(({ counts }) => counts.attempts);
  for (const [at, want] of [
    [0.5 * hour, 11],
    [0.65 * hour, 12],
    [1.01 * hour, 3],
    [9 * hour, 1],
  ] as const) {
    gathering.add(sightAt(at), 'from');
    assert.equal(count(), want, `${at / hour} h`);
  }
});

test('few observations that are far apart are never added up', () => {
  const gathering = new GatheringTable(10, hour).see(named('key'), 0);
  for (let i = 0; i < 100; i++) gathering.add(sightAt(i * 0.5 * hour), 'from');
  assert.equal(gathering.isMore, false);
});
