/**
 * Over how many connections a flood came, and what CPU it took.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Incident } from '../../src/verdict/flood/incident.ts';
import { createIncidentFinder } from '../../src/verdict/flood/incident-finder.ts';
import type { Observation } from '../../src/verdict/flood/observation.ts';
import { minute, morning, Stage } from './scenes.ts';

const forged = 'nicholas@seaton.biz';

interface Wave {
  readonly count: number;
  /** So many recipients over one connection; null: nobody tells them apart. */
  readonly perConnection: number | null;
  readonly from?: number;
  readonly clients?: number;
  /** Number of the first connection. */
  readonly first?: number;
}

/** Recipients that do not exist, tried in the name of one sender. */
function wave({ count, perConnection, from = morning, clients = 40, first = 0 }: Wave) {
  const stage = new Stage('wave');
  for (let i = 0; i < count; i++) {
    const turn = perConnection === null ? i : Math.floor(i / perConnection);
    const client = clients === 1 ? '192.0.2.7' : `100.64.${turn % clients}.1`;
    const connection = perConnection === null ? null : first + turn;
    stage.attempt(from + i, client, forged, stage.inventedMailbox(), 'unknown', connection);
  }
  return stage.observations;
}

function play(observations: readonly Observation[], finder = createIncidentFinder()) {
  for (const observation of observations) finder.observe(observation);
  return finder;
}

function only(incidents: readonly Incident[]): Incident {
  const [incident, ...more] = incidents;
  assert.ok(incident && more.length === 0);
  return incident;
}

const connectionsOf = (finder: ReturnType<typeof play>) =>
  only(finder.incidents()).received.connections;

test('each connection counts once, exactly where they are few', () => {
  assert.equal(connectionsOf(play(wave({ count: 300, perConnection: 10 }))), 30);
});

test('many of them are estimated', () => {
  const told = connectionsOf(play(wave({ count: 20_000, perConnection: 5 }))) ?? 0;
  assert.ok(Math.abs(told - 4000) < 3 * 0.046 * 4000, `${told}`);
});

test('where nobody tells them apart there is no figure, rather than none of them', () => {
  assert.equal(connectionsOf(play(wave({ count: 300, perConnection: null }))), null);
});

test('a connection counts as well that brought something else before', () => {
  const stage = new Stage('mixed');
  for (let i = 0; i < 30; i++) {
    stage.attempt(
      morning,
      `100.64.${i}.1`,
      'ann@good.example',
      stage.knownMailbox(),
      'accepted',
      i,
    );
    for (let n = 0; n < 10; n++)
      stage.attempt(morning, `100.64.${i}.1`, forged, stage.inventedMailbox(), 'unknown', i);
  }
  assert.equal(connectionsOf(play(stage.observations)), 30);
});

test('a message and its recipients came over one', () => {
  const stage = new Stage('taken');
  for (let i = 0; i < 30; i++) {
    for (let n = 0; n < 10; n++)
      stage.attempt(morning, `100.64.${i}.1`, forged, stage.inventedMailbox(), 'unknown', i);
    stage.received(morning, `100.64.${i}.1`, forged, stage.knownMailbox(), i);
  }
  assert.equal(connectionsOf(play(stage.observations)), 30);
});

test('who goes on after another run counts those that come on top', () => {
  const before = play(wave({ count: 200, perConnection: 10 }));
  const after = createIncidentFinder();
  after.resume(before.incidents());
  assert.equal(connectionsOf(after), 20);
  play(wave({ count: 100, perConnection: 10, from: morning + minute }), after);
  assert.equal(connectionsOf(after), 30);
});

test('what an earlier run told without figures is gone on with', () => {
  const told = only(play(wave({ count: 200, perConnection: null })).incidents());
  const after = createIncidentFinder();
  after.resume([told]);
  assert.deepEqual(only(after.incidents()).received, told.received);
  play(wave({ count: 100, perConnection: 10, from: morning + minute }), after);
  assert.equal(connectionsOf(after), 10);
});

test('what was counted for a harvester and for its flood counts once', () => {
  const finder = play(wave({ count: 100, perConnection: 10, clients: 1 }));
  assert.equal(only(finder.incidents()).cause, 'harvest');
  play(wave({ count: 200, perConnection: 10, from: morning + minute, first: 100 }), finder);
  const { cause, received } = only(finder.incidents());
  assert.deepEqual([cause, received.connections], ['forged-sender', 30]);
});

test('of the CPU of a turn an incident has the part that it has in what was seen', () => {
  const finder = play(wave({ count: 200, perConnection: 5 }));
  // It was no incident before, whose part could be told.
  finder.spend(0);
  play(wave({ count: 30, perConnection: 5, from: morning + minute }), finder);
  const stage = new Stage('others');
  for (let i = 0; i < 10; i++)
    stage.received(morning + minute, '203.0.113.7', 'ann@good.example', stage.knownMailbox());
  play(stage.observations, finder);
  finder.spend(1000);
  assert.equal(only(finder.incidents()).made.cpu, 750);
  // Nothing of it, and nothing at all, was seen then.
  play(stage.observations, finder);
  finder.spend(1000);
  finder.spend(1000);
  assert.equal(only(finder.incidents()).made.cpu, 750);
});

test('the CPU is kept over a restart, and that of parts is added up', () => {
  const finder = createIncidentFinder();
  for (const client of ['192.0.2.7', '198.51.100.7']) {
    const one = wave({ count: 100, perConnection: 5, clients: 1 });
    play(
      one.map((each) => ({ ...each, client })),
      finder,
    );
    finder.spend(0);
    play(
      one.slice(0, 10).map((each) => ({ ...each, client })),
      finder,
    );
    finder.spend(300);
  }
  assert.deepEqual(
    finder.incidents().map(({ made }) => made.cpu),
    [300, 300],
  );
  const after = createIncidentFinder();
  after.resume(finder.incidents());
  play(wave({ count: 200, perConnection: 5, from: morning + minute }), after);
  assert.equal(only(after.incidents()).made.cpu, 600);
});

test('nobody told of any CPU: there is no figure', () => {
  assert.equal(only(play(wave({ count: 200, perConnection: 5 })).incidents()).made.cpu, null);
});
