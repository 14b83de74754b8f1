/**
 * Which floods are recognised, and that ordinary mail is none: each scene is played for several seeds, alone
 * and in the middle of an ordinary day, and what is found is held against the truth.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createIncidentFinder } from '../../src/verdict/flood/incident-finder.ts';
import {
  answerLoop,
  forgedDomain,
  forgedDomainAccepted,
  forgedSenderAccepted,
  forgedSenderAmongOthers,
  forgedSenderAtDoor,
  forgedSenderRefused,
  freemail,
  harvest,
  hopLoop,
  hour,
  joeJob,
  mailLoop,
  minute,
  morning,
  networkHarvest,
  noticeStorm,
  ordinaryDay,
  playOrdinaryDay,
  type Scene,
  Stage,
  severalForgedSenders,
  slowHarvest,
  slowHarvestOfMany,
  spamInManyNames,
} from './scenes.ts';

const day = 24 * hour;
const large = { count: 10_000, clients: 2000, length: 3 * hour };
const small = { count: 400, clients: 60, length: 40 * minute };
const scenes: readonly [name: string, play: (seed: string) => Scene][] = [
  ['the case, refused at RCPT', (seed) => forgedSenderAtDoor(seed, large)],
  ['a small one like it', (seed) => forgedSenderAtDoor(seed, small)],
  ['few clients, in one name', (seed) => forgedSenderAtDoor(seed, { ...small, clients: 12 })],
  ['the case in changing names at one domain', (seed) => forgedDomain(seed, large)],
  ['a small one of these', (seed) => forgedDomain(seed, small)],
  [
    'such names, taken and bounced',
    (seed) => forgedDomainAccepted(seed, { ...large, count: 3000 }),
  ],
  ['the case, refused at MAIL', (seed) => forgedSenderRefused(seed, large)],
  ['the case as it was', (seed) => forgedSenderAccepted(seed, { ...large, count: 3000 })],
  [
    'the case among other senders',
    (seed) => forgedSenderAmongOthers(seed, { ...large, clients: 800 }),
  ],
  ['one botnet in the name of several', (seed) => severalForgedSenders(seed, large)],
  ['a harvest by one client', (seed) => harvest(seed, { ...large, count: 3000 })],
  ['a small harvest', (seed) => harvest(seed, { ...small, count: 200 })],
  ['a harvest by a network', (seed) => networkHarvest(seed, { ...large, count: 3000 })],
  ['a slow harvest', (seed) => slowHarvest(seed, { count: 2000, clients: 900, length: 3 * day })],
  ['a harvest by many at once', (seed) => slowHarvest(seed, { ...large, count: 5000 })],
  [
    'a slow harvest of many domains',
    (seed) => slowHarvestOfMany(seed, { count: 12_000, clients: 300, length: 2 * day }),
  ],
  ['a storm of our own notices', (seed) => noticeStorm(seed, { ...large, count: 5000 })],
  ['a joe job', (seed) => joeJob(seed, { ...large, count: 5000 }, false)],
  ['a joe job against a mailbox', (seed) => joeJob(seed, { ...large, count: 5000 }, true)],
  ['a mail loop', (seed) => mailLoop(seed, { ...small, count: 100 })],
  ['many domains that lead back', (seed) => hopLoop(seed, { ...small, count: 200 })],
  ['an answer loop', (seed) => answerLoop(seed, { ...small, count: 200 })],
];

function find({ observations }: Pick<Scene, 'observations'>) {
  const finder = createIncidentFinder();
  for (const observation of observations) finder.observe(observation);
  return finder;
}

const ordinary = new Stage('ordinary');
playOrdinaryDay(ordinary, morning - 8 * hour, 14 * hour);

function mixed({ observations, truth }: Scene): Scene {
  const all = [...ordinary.observations, ...observations];
  return { observations: all.sort((a, b) => a.at - b.at), truth };
}

for (const [name, play] of scenes)
  test(`${name} is one incident, alone and within an ordinary day`, () => {
    for (const seed of ['one', 'two'])
      for (const scene of seed === 'one' ? [play(seed), mixed(play(seed))] : [play(seed)]) {
        const finder = find(scene);
        const found = finder.incidents();
        const told = found.map(({ id, cause, subject }) => `${id} ${cause} ${subject}`);
        assert.ok(scene.truth);
        const { cause, subject, recipients } = scene.truth;
        assert.deepEqual(told, [`2006-09-05.1 ${cause} ${subject}`], `seed ${seed}`);
        const [incident] = found;
        assert.ok(incident);
        // Of a flood among ordinary mail some first ones may be missed, and few others come in.
        if (recipients > 0) {
          const tried = incident.received.recipients;
          assert.ok(tried > 0.85 * recipients && tried < 1.2 * recipients, `${tried}`);
        }
        const last = scene.observations.at(-1)?.at ?? 0;
        finder.advance(last + 2 * day);
        assert.equal(finder.incidents()[0]?.isOpen, false);
      }
  });

test('two floods by different clients at the same time are two incidents', () => {
  const one = forgedSenderAtDoor('one', small);
  const other = slowHarvest('other', { count: 3000, clients: 900, length: 3 * hour });
  const apart = other.observations.map((observation) => ({
    ...observation,
    client: observation.client?.replace(/^\d+/, '77') ?? null,
  }));
  const observations = [...one.observations, ...apart].toSorted((a, b) => a.at - b.at);
  const found = find({ observations }).incidents();
  assert.deepEqual(found.map(({ cause }) => cause).toSorted(), ['forged-sender', 'slow-harvest']);
});

const none: readonly [name: string, play: (seed: string) => Scene][] = [
  ['a large provider whom spammers name as well', (seed) => freemail(seed, large)],
  ['the same on a small server', (seed) => freemail(seed, { ...small, count: 500 })],
  [
    'spam in random names, many of them at one provider',
    (seed) => spamInManyNames(seed, { ...large, clients: 6000 }),
  ],
];
for (const [name, play] of none)
  test(`${name}: no flood`, () => {
    for (const seed of ['one', 'two'])
      for (const scene of [play(seed), mixed(play(seed))])
        assert.deepEqual(find(scene).incidents(), []);
  });

test('a domain of which good mail is known is never called forged', () => {
  const { observations } = forgedDomain('one', small);
  const finder = createIncidentFinder({ knowsHome: (domain) => domain === 'seaton.biz' });
  for (const observation of observations) finder.observe(observation);
  assert.deepEqual(finder.incidents(), []);
});

test('who writes often and is answered now and then is in no loop, however much of it is seen', () => {
  const stage = new Stage('one');
  const [one, other] = ['monitor@machine.example', 'ann@site-1.example'];
  for (let i = 0; i < 90; i++) {
    const at = morning + i * 30_000;
    stage.attempt(at, '203.0.113.7', one, other, 'accepted');
    stage.received(at + 1, '203.0.113.7', one, other);
    stage.fate(at + 2, '203.0.113.7', one, other, 'delivered');
    if (i % 5 > 0) continue;
    stage.attempt(at + 9, null, other, one, 'accepted');
    stage.received(at + 10, null, other, one);
    stage.fate(at + 11, null, other, one, 'delivered');
  }
  assert.deepEqual(find(stage.end(null)).incidents(), []);
});

test('a day of ordinary mail is no flood', () => {
  for (const seed of ['one', 'two', 'three'])
    assert.deepEqual(find(ordinaryDay(seed)).incidents(), []);
});
