/**
 * The life of an incident: what it gathers, joins, forgets and survives.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Incident } from '../../src/verdict/flood/incident.ts';
import {
  createIncidentFinder,
  type IncidentFinder,
} from '../../src/verdict/flood/incident-finder.ts';
import { defaultFloodLimits } from '../../src/verdict/flood/limits.ts';
import type { Observation } from '../../src/verdict/flood/observation.ts';
import { liveMemory } from '../live-memory.ts';
import {
  forgedDomain,
  forgedSenderAccepted,
  forgedSenderAtDoor,
  harvest,
  hour,
  minute,
  morning,
  type Scene,
  Stage,
} from './scenes.ts';

const size = { count: 2000, clients: 300, length: hour };

function play(observations: readonly Observation[], finder = createIncidentFinder()) {
  for (const observation of observations) finder.observe(observation);
  return finder;
}

function only(finder: IncidentFinder): Incident {
  const [incident, ...more] = finder.incidents();
  assert.ok(incident && more.length === 0);
  return incident;
}

function later(scene: Scene, by: number): Observation[] {
  return scene.observations.map((observation) => ({ ...observation, at: observation.at + by }));
}

test('what came in before the first of it failed is part of it, among the mail of many', () => {
  const finder = createIncidentFinder();
  const reversePath = 'nicholas@seaton.biz';
  const flood = (number: number) => ({
    client: `198.18.${number % 40}.1`,
    connection: number,
    reversePath,
    forwardPath: `nobody${number}@site-1.example`,
  });
  for (let number = 0; number < 300; number++) {
    const at = morning + number * 100;
    finder.observe({ kind: 'received', at, ...flood(number), bytes: 1000, recipients: 1 });
    for (let other = 0; other < 20; other++) {
      const from = {
        client: '198.19.0.1',
        connection: null,
        reversePath: `ann${number}-${other}@a.example`,
      };
      finder.observe({ kind: 'received', at, ...from, forwardPath: null, bytes: 1, recipients: 1 });
    }
  }
  for (let number = 0; number < 300; number++) {
    const fate = { kind: 'fate', outcome: 'unknown', bytes: 0, nextHop: null } as const;
    const { connection: _, ...whose } = flood(number);
    finder.observe({ ...fate, at: morning + minute + number * 100, ...whose });
  }
  const { start, received } = only(finder);
  assert.equal(start, morning);
  assert.equal(received.messages, 300);
  assert.equal(received.bytes, 300_000);
  const { connections } = received;
  assert.ok(connections !== null && connections > 260 && connections < 340, `${connections}`);
});

test('what came in before a flood was seen counts once, though the flood ends and begins again within the hour', () => {
  const stage = new Stage('again');
  const forged = 'nicholas@seaton.biz';
  const refuse = (at: number) => {
    for (let i = 0; i < 200; i++)
      stage.attempt(at + i, `198.18.${i % 40}.1`, forged, stage.inventedMailbox(), 'unknown');
  };
  for (let i = 0; i < 100; i++)
    stage.received(morning + i, `198.18.${i % 40}.1`, forged, stage.knownMailbox());
  refuse(morning + minute);
  const finder = play(stage.observations);
  finder.advance(morning + 45 * minute);
  assert.equal(only(finder).isOpen, false);
  stage.observations.length = 0;
  refuse(morning + 46 * minute);
  play(stage.observations, finder);
  const { isOpen, received } = only(finder);
  assert.deepEqual([isOpen, received.messages, received.unknown], [true, 100, 400]);
});

test('an incident tells what came in, what the server made of it, and how it ended', () => {
  const scene = forgedSenderAccepted('one', size);
  const { start, end, received, made, ended, clients, senders, sites, samples } = only(
    play(scene.observations),
  );
  assert.equal(start, scene.observations[0]?.at);
  assert.equal(end, scene.observations.at(-1)?.at);
  assert.equal(made.notices, 2000);
  assert.ok(made.returns > 5900 && made.returns <= 6000, `${made.returns}`);
  assert.equal(received.unknown, 2000);
  assert.equal(ended.failed, 2000);
  assert.ok(ended.dropped > 1950, `${ended.dropped}`);
  assert.ok(clients.distinct > 250 && clients.distinct < 350, `${clients.distinct}`);
  assert.deepEqual(senders.top[0], { name: 'nicholas@seaton.biz', count: 2000 });
  assert.equal(sites.distinct, 12);
  assert.ok(samples.length > 3 && samples.every((path) => path.includes('@site-')));
});

test('who is seen as a harvester first becomes part of the flood that is seen later', () => {
  const first = harvest('one', { count: 100, clients: 1, length: 5 * minute });
  const inOneName = first.observations.map((one) => ({
    ...one,
    reversePath: 'nicholas@seaton.biz',
  }));
  const finder = play(inOneName);
  assert.equal(only(finder).cause, 'harvest');
  play(later(forgedSenderAtDoor('one', size), 6 * minute), finder);
  const { id, cause, received, clients } = only(finder);
  assert.deepEqual([id, cause], ['2006-09-05.1', 'forged-sender']);
  assert.equal(received.recipients, 2100);
  const [largest] = clients.top;
  assert.ok(largest?.name === '192.0.2.7' && largest.count > 80, `${largest?.count}`);
});

test('those that are joined are named', () => {
  const stage = new Stage('one');
  for (const client of ['192.0.2.7', '198.51.100.7', '203.0.113.7'])
    for (let i = 0; i < 100; i++)
      stage.attempt(morning, client, 'nicholas@seaton.biz', stage.inventedMailbox(), 'unknown');
  const finder = play(stage.end(null).observations);
  assert.equal(finder.incidents().length, 3);
  play(later(forgedSenderAtDoor('one', size), minute), finder);
  assert.deepEqual(only(finder).joined, ['2006-09-05.2', '2006-09-05.3']);
});

test('an incident ends when it is quiet, takes the ends of its mail, and begins anew soon after only', () => {
  const scene = forgedSenderAtDoor('one', size);
  const finder = play(scene.observations);
  const { end } = only(finder);
  finder.advance(end + 20 * minute);
  assert.equal(only(finder).isOpen, true);
  finder.advance(end + hour);
  assert.equal(only(finder).isOpen, false);
  finder.observe({
    kind: 'fate',
    at: end + 2 * hour,
    client: null,
    reversePath: '',
    forwardPath: 'Nicholas@Seaton.biz',
    outcome: 'expired',
    bytes: 0,
    nextHop: null,
  });
  const ended = only(finder);
  assert.deepEqual([ended.end, ended.ended.failed, ended.isOpen], [end, 1, false]);
  play(later(scene, 3 * hour), finder);
  assert.equal(only(finder).received.recipients, 4000);
  play(later(scene, 24 * hour), finder);
  assert.deepEqual(
    finder.incidents().map(({ id, isOpen }) => [id, isOpen]),
    [
      ['2006-09-05.1', false],
      ['2006-09-06.1', true],
    ],
  );
});

test('one name at a domain whose others are forged as well becomes part of it, with all that was counted', () => {
  const one = forgedSenderAtDoor('one', size);
  const finder = play(one.observations);
  const { id, received } = only(finder);
  const others = later(forgedDomain('one', { ...size, clients: 400 }), hour);
  const apart = others.map((other) => ({
    ...other,
    client: other.client?.replace(/^\d+/, '77') ?? null,
  }));
  play(apart, finder);
  const whole = only(finder);
  assert.deepEqual([whole.id, whole.subject], [id, '@seaton.biz']);
  assert.equal(whole.received.recipients, received.recipients + 2000);
  const again = createIncidentFinder();
  again.resume([whole]);
  const at = whole.end;
  const asked = { kind: 'received', at, client: '198.51.100.9', forwardPath: null } as const;
  assert.equal(again.explain({ ...asked, reversePath: 'new@SEATON.biz' })?.incident.id, id);
  assert.equal(again.explain({ ...asked, reversePath: 'new@notseaton.biz' }), null);
});

test('a letter that looks like another is another, also for a finder that goes on', () => {
  const { observations } = forgedSenderAtDoor('one', size);
  const kelvin = '\u212ANicholas@seaton.biz';
  const odd = observations.map((one) => ({ ...one, reversePath: one.reversePath && kelvin }));
  const told = only(play(odd));
  assert.equal(told.subject, '\u212Anicholas@seaton.biz');
  const again = createIncidentFinder();
  again.resume([told]);
  const asked = {
    kind: 'received',
    at: told.end,
    client: '198.51.100.9',
    forwardPath: null,
  } as const;
  assert.equal(again.explain({ ...asked, reversePath: kelvin })?.incident.id, told.id);
  assert.equal(again.explain({ ...asked, reversePath: 'knicholas@seaton.biz' }), null);
});

test('what another finder told is gone on with', () => {
  const { observations } = forgedSenderAtDoor('one', size);
  const whole = only(play(observations));
  const first = play(observations.slice(0, 1000));
  const second = createIncidentFinder();
  second.resume(first.incidents());
  const { clients, ...resumed } = only(play(observations.slice(1000), second));
  const { clients: wanted, ...rest } = whole;
  assert.deepEqual(
    { ...resumed, senders: resumed.senders.top, samples: null },
    { ...rest, senders: rest.senders.top, samples: null },
  );
  assert.ok(clients.distinct > 0.7 * wanted.distinct, `${clients.distinct}`);
});

test('it is told what has changed, and what a question belongs to', () => {
  const { observations } = forgedSenderAtDoor('one', size);
  const finder = play(observations.slice(0, 500));
  assert.equal(finder.changed().length, 1);
  assert.equal(finder.changed().length, 0);
  play(observations.slice(500), finder);
  const [changed] = finder.changed();
  assert.equal(changed?.received.recipients, 2000);
  const asked = {
    kind: 'received',
    at: morning,
    client: '198.51.100.9',
    forwardPath: null,
  } as const;
  const forged = finder.explain({ ...asked, reversePath: 'NICHOLAS@seaton.biz' });
  assert.deepEqual([forged?.incident.id, forged?.by], [changed.id, 'sender']);
  assert.equal(finder.explain({ ...asked, reversePath: 'ann@example.org' }), null);
  finder.advance(morning + 5 * hour);
  assert.equal(finder.explain({ ...asked, reversePath: 'nicholas@seaton.biz' }), null);
});

test('a million keys of every kind leave memory bounded, and a flood among them is seen', () => {
  const finder = createIncidentFinder();
  const stage = new Stage('one');
  const before = liveMemory();
  for (let i = 0; i < 250_000; i++) {
    // Four new keys each.
    const key = (i * 7919) % 250_000;
    finder.observe({
      kind: 'attempt',
      at: morning + i * 12,
      client: `10.${key >> 16}.${(key >> 8) & 255}.${key & 255}`,
      connection: i,
      reversePath: `s${key}@d${key}.example`,
      forwardPath: `r${key}@h${key}.example`,
      outcome: 'accepted',
    });
    if (i % 50 === 0)
      finder.observe({
        kind: 'attempt',
        at: morning + i * 12,
        client: stage.client(500),
        connection: i,
        reversePath: 'nicholas@seaton.biz',
        forwardPath: stage.inventedMailbox(),
        outcome: 'unknown',
      });
  }
  const used = (liveMemory() - before) / 2 ** 20;
  const { subject, received } = only(finder);
  assert.equal(subject, 'nicholas@seaton.biz');
  assert.ok(received.recipients > 4950, `${received.recipients}`);
  assert.ok(used < 100, `${used} MB`);
});

test('texts that are parts of a large one do not keep it alive', () => {
  const finder = createIncidentFinder();
  const before = liveMemory();
  for (let i = 0; i < 300; i++) {
    const text = `${'x'.repeat(1_000_000)} client-${i}.host.example sender-${i}@from.example rcpt-${i}@to.example`;
    const [, client = '', reversePath = '', forwardPath = ''] = text.split(' ');
    const at = morning + i;
    const outcome = i % 2 === 0 ? 'unknown' : 'accepted';
    const whose = { at, client, connection: i, reversePath, forwardPath };
    finder.observe({ kind: 'attempt', ...whose, outcome });
  }
  const used = (liveMemory() - before) / 2 ** 20;
  assert.ok(used < 50, `${used} MB`);
});

test('more floods than may be open close the quietest', () => {
  const limits = { ...defaultFloodLimits, open: 10, remembered: 30 };
  const finder = createIncidentFinder({ limits });
  for (let i = 0; i < 50; i++) {
    const stage = new Stage(`${i}`);
    for (let k = 0; k < 100; k++)
      stage.attempt(
        morning + i,
        `10.${i}.0.1`,
        `s${k}@x-${i}.example`,
        stage.inventedMailbox(),
        'unknown',
      );
    play(stage.observations, finder);
  }
  const incidents = finder.incidents();
  assert.equal(incidents.length, 40);
  assert.equal(incidents.filter(({ isOpen }) => isOpen).length, 10);
});

/** Of one domain, by clients of its own, 400 recipients within two hours. */
function slowHarvestOf(n: number): Observation[] {
  const stage = new Stage(`site ${n}`);
  for (let i = 0; i < 400; i++) {
    const client = stage.client(300, 20_000 + n * 300);
    const at = morning + n * 2 * hour + i * 18_000;
    stage.attempt(at, client, `s${i}@spam-${i}.example`, `x${i}@site-${n}.example`, 'unknown');
  }
  return stage.observations;
}

const firstSites = [0, 1, 2, 3].map(slowHarvestOf);

test('three domains that are harvested slowly are three incidents, and with a fourth they are one that others join', () => {
  const finder = createIncidentFinder();
  for (const observations of firstSites.slice(0, 3)) play(observations, finder);
  assert.deepEqual(
    finder.incidents().map(({ subject }) => subject),
    ['site-0.example', 'site-1.example', 'site-2.example'],
  );
  play(firstSites[3] ?? [], finder);
  const whole = only(finder);
  assert.deepEqual([whole.id, whole.cause, whole.subject], ['2006-09-05.1', 'slow-harvest', '']);
  assert.deepEqual(whole.joined, ['2006-09-05.2', '2006-09-05.3']);
  assert.deepEqual([whole.received.recipients, whole.sites.distinct], [1600, 4]);
  play(slowHarvestOf(4), finder);
  const larger = only(finder);
  assert.deepEqual([larger.joined, larger.received.recipients], [whole.joined, 2000]);
  assert.deepEqual(larger.parts.map(({ subject }) => subject).toSorted(), [
    'site-0.example',
    'site-1.example',
    'site-2.example',
    'site-3.example',
    'site-4.example',
  ]);
});

test('after a restart a slow harvest of many domains goes on at each, and others join it', () => {
  const again = createIncidentFinder();
  again.resume([only(play(firstSites.flat()))]);
  const seen = firstSites[0]?.[0];
  assert.ok(seen);
  const at = morning + 9 * hour;
  for (const site of ['site-0.example', 'site-3.example', 'site-9.example'])
    play([{ ...seen, at, forwardPath: `x@${site}` }], again);
  assert.equal(only(again).received.recipients, 1602);
  play(slowHarvestOf(5), again);
  assert.equal(only(again).received.recipients, 2002);
});

for (const [domains, count] of [
  ['one domain', 1],
  ['many domains', 4],
] as const)
  test(`a slow harvest of ${domains} hides neither a flood in one name nor a harvester, who is braked while he goes on`, () => {
    const finder = play(firstSites.slice(0, count).flat());
    const at = morning + 9 * hour;
    const stage = new Stage('others');
    for (let i = 0; i < 800; i++) {
      const mailbox = stage.inventedMailbox(`site-${i % count}.example`);
      const [client, sender] =
        i % 5 > 1
          ? [stage.client(200, 90_000), 'ann@forged.example']
          : ['192.0.2.7', `s${i}@spam-${i}.example`];
      stage.attempt(at + i * 1000, client, sender, mailbox, 'unknown');
    }
    play(stage.observations, finder);
    const [whole, ...others] = finder.incidents();
    assert.equal(whole?.cause, 'slow-harvest');
    assert.ok(whole.received.recipients < 400 * count + 150, `${whole.received.recipients}`);
    assert.deepEqual(
      others
        .map(({ cause, subject, received }) => `${cause} ${subject}: ${received.recipients}`)
        .toSorted(),
      ['forged-sender ann@forged.example: 480', 'harvest 192.0.2.7: 320'],
    );
    const asked = { kind: 'received', client: '192.0.2.7', forwardPath: null } as const;
    const isBraked = (after: number) =>
      finder.explain({ ...asked, at: at + after, reversePath: 'bob@good.example' }) !== null;
    assert.ok(isBraked(15 * minute));
    finder.advance(at + 90 * minute);
    assert.equal(isBraked(90 * minute), false);
    assert.equal(finder.incidents()[0]?.isOpen, true);
  });

/** One flood in the name of each, by the same clients. */
function inNames(names: readonly string[]): Observation[] {
  const stage = new Stage('names');
  for (const [n, name] of names.entries())
    for (let i = 0; i < 120; i++)
      stage.attempt(
        morning + n * 3 * minute,
        `198.${i % 40}.100.7`,
        name,
        stage.inventedMailbox(),
        'unknown',
      );
  return stage.observations;
}

test('a sender without a local part is no flood in the names of a whole domain, before and after a restart', () => {
  const finder = play(inNames(['@seaton.biz', '@SEATON.biz']));
  const again = createIncidentFinder();
  again.resume(finder.incidents());
  const asked = {
    kind: 'received',
    at: morning,
    client: '203.0.113.9',
    forwardPath: null,
  } as const;
  for (const one of [finder, again])
    assert.equal(one.explain({ ...asked, reversePath: 'ann@seaton.biz' }), null);
});

test('after a restart no new incident gets the id of a part', () => {
  const told = only(play(firstSites.flat()));
  const { id, joined } = told;
  assert.ok(joined.length > 0);
  const again = createIncidentFinder();
  again.resume([told]);
  play(harvest('one', { count: 100, clients: 1, length: minute }).observations, again);
  const ids = again.incidents().map((one) => one.id);
  assert.equal(ids.length, 2);
  assert.deepEqual(
    ids.filter((one) => joined.includes(one)),
    [],
    `${id} has ${joined}`,
  );
});

test('a flood that goes on in ever new names keeps a bounded number of them', () => {
  const names = Array.from({ length: 700 }, (_, n) => `ann@x-${n}.example`);
  const finder = play(inNames(names));
  const { joined, parts } = only(finder);
  assert.deepEqual(joined, [], 'none of them was an incident of its own');
  assert.equal(new Set(parts.map(({ subject }) => subject)).size, 500);
  const at = morning + 700 * 3 * minute;
  const asked = { kind: 'received', at, client: '203.0.113.9', forwardPath: null } as const;
  assert.ok(finder.explain({ ...asked, reversePath: 'ann@x-699.example' }));
  assert.equal(finder.explain({ ...asked, reversePath: 'ann@x-0.example' }), null);
});

test('of more incidents than may be open a restart goes on with the newest', () => {
  const limits = { ...defaultFloodLimits, open: 5 };
  const told = only(play(forgedSenderAtDoor('one', size).observations));
  const incidents = Array.from({ length: 20 }, (_, n) => ({
    ...told,
    id: `2006-09-05.${n + 1}`,
    subject: `ann@x-${n}.example`,
    end: told.end + n,
  }));
  const again = createIncidentFinder({ limits });
  again.resume(incidents);
  const open = again.incidents().filter(({ isOpen }) => isOpen);
  assert.deepEqual(
    open.map(({ subject }) => subject),
    incidents.slice(-5).map(({ subject }) => subject),
  );
});

for (const outcome of ['accepted', 'deferred', 'refused', 'unknown'] as const)
  test(`two in whose names anybody tries recipients, which are ${outcome}, and sends nothing are in no answer loop`, () => {
    const stage = new Stage('pair');
    for (let i = 0; i < 100; i++) {
      stage.attempt(morning + i, '192.0.2.66', 'ann@a.example', 'bob@b.example', outcome);
      stage.attempt(morning + i, '192.0.2.66', 'bob@b.example', 'ann@a.example', outcome);
    }
    assert.deepEqual(play(stage.observations).incidents(), []);
  });

for (const [how, isTold] of [
  ['when it comes', (kind: string) => kind === 'received'],
  ['when it is delivered', (kind: string) => kind === 'fate'],
  ['by all that happens to it', () => true],
] as const)
  test(`two who answer each other are found where each message is seen ${how}`, () => {
    const stage = new Stage('pair');
    for (let i = 0; i < 40; i++)
      for (const [from, to] of [
        ['ann@a.example', 'bob@b.example'],
        ['bob@b.example', 'ann@a.example'],
      ] as const) {
        stage.attempt(morning + i, '192.0.2.66', from, to, 'accepted');
        stage.received(morning + i, '192.0.2.66', from, to);
        stage.fate(morning + i, '192.0.2.66', from, to, 'delivered');
      }
    const { cause, senders } = only(play(stage.observations.filter(({ kind }) => isTold(kind))));
    assert.equal(cause, 'answer-loop');
    assert.deepEqual(
      senders.top.map(({ count }) => count),
      // The first is no answer yet.
      [40, 39],
    );
  });
