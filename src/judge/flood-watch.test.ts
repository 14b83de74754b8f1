import assert from 'node:assert/strict';
import test from 'node:test';
import {
  answerLoop,
  forgedDomain,
  forgedSenderAtDoor,
  harvest,
  hour,
  joeJob,
  minute,
  morning,
  noticeStorm,
  type Scene,
  Stage,
  slowHarvest,
} from '../../test/flood/scenes.ts';
import { noLoopFacts } from '../verdict/loop-facts.ts';
import type { NoticeOrigin } from '../verdict/notice-origin.ts';
import { noProof } from '../verdict/sender-proof.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { createFloodWatch } from './flood-watch.ts';

const base = { adapter: 'smtp', queueId: null } as const;
const accepted: Verdict = { action: 'accept', reply: null, reason: 'mailbox-known', steps: [] };
const forged = 'nicholas@seaton.biz';
const size = { count: 600, clients: 60, length: 30 * minute };

function rcpt(address: string, reversePath: string, forwardPath = 'info@site-1.example'): Question {
  const client = { address, name: null, helo: null };
  return { ...base, client, reversePath, forwardPath, check: 'mailbox', mayRelay: false };
}

function notice(to: string, address: string | null = null): Question {
  const client = address === null ? null : { address, name: null, helo: null };
  const question = { ...base, adapter: 'delivery', client, reversePath: '' } as const;
  return { ...question, forwardPath: to, check: 'notice', nextHop: null };
}

function watchAfter({ observations }: Scene, alertsTo: () => string | null = () => null) {
  const clock = { now: morning - 3 * hour };
  const watch = createFloodWatch({ now: () => clock.now, alertsTo });
  const good = rcpt('203.0.113.7', 'ann@good.example');
  for (let i = 0; i < 30; i++) {
    clock.now += 3 * minute;
    watch.see(good, accepted, false);
  }
  for (const observation of observations) watch.observe(observation);
  clock.now = observations.at(-1)?.at ?? 0;
  return { watch, clock };
}

const inForged = watchAfter(forgedSenderAtDoor('one', size)).watch;
const inDomain = watchAfter(fromOne(forgedDomain('one', size), 20)).watch;
const inHarvest = watchAfter(harvest('one', size)).watch;
const inNetwork = watchAfter(networkHarvest()).watch;
const inSlowHarvest = watchAfter(slowHarvestWithHarvester()).watch;
const inStorm = watchAfter(noticeStorm('one', { ...size, count: 2000 })).watch;

const cases: readonly [
  name: string,
  watch: ReturnType<typeof createFloodWatch>,
  question: Question,
  isOurs: boolean,
  want: string | null,
][] = [
  ['mail of the forged sender', inForged, rcpt('100.64.9.9', forged), false, '450 flood-sender'],
  [
    'its address in capitals',
    inForged,
    rcpt('100.64.9.9', 'NICHOLAS@Seaton.biz'),
    false,
    '450 flood-sender',
  ],
  ['mail of others', inForged, rcpt('100.64.9.9', 'ann@other.example'), false, null],
  ['one of us in that name', inForged, rcpt('100.64.9.9', forged), true, null],
  ['a client that is known as good', inForged, rcpt('203.0.113.7', forged), false, null],
  ['a notice to the forged sender', inForged, notice(forged), true, 'discard flood-notice'],
  ['a notice to others', inForged, notice('ann@other.example'), true, null],
  [
    'another name at a forged domain',
    inDomain,
    rcpt('100.64.9.9', 'x@seaton.biz'),
    false,
    '450 flood-sender',
  ],
  ['a notice to such a name', inDomain, notice('y@seaton.biz'), true, 'discard flood-notice'],
  ['a name at another domain', inDomain, rcpt('100.64.9.9', 'x@notseaton.biz'), false, null],
  [
    'what else a client sends that named the domain often',
    inDomain,
    rcpt('203.0.113.99', 'ann@other.example'),
    false,
    null,
  ],
  ['a harvester', inHarvest, rcpt('192.0.2.7', 'ann@other.example'), false, '421 flood-client'],
  ['its neighbour', inHarvest, rcpt('192.0.2.8', 'ann@other.example'), false, null],
  [
    'a notice about its mail',
    inHarvest,
    notice('x@y.example', '192.0.2.7'),
    false,
    'discard flood-notice',
  ],
  [
    'whoever tries who exists at a domain that is harvested slowly',
    inSlowHarvest,
    rcpt(new Stage('').client(1), 'ann@other.example', 'x@site-4.example'),
    false,
    null,
  ],
  [
    'a harvester among them',
    inSlowHarvest,
    rcpt('192.0.2.7', 'ann@other.example'),
    false,
    '421 flood-client',
  ],
  ['a neighbour of many harvesters', inNetwork, rcpt('203.0.113.9', ''), false, '421 flood-client'],
  ['one among them that is known as good', inNetwork, rcpt('203.0.113.7', ''), false, null],
  [
    'a notice about mail of a neighbour',
    inNetwork,
    notice('x@y.example', '203.0.113.9'),
    false,
    'discard flood-notice',
  ],
  [
    'a notice about mail of the good one',
    inNetwork,
    notice('x@y.example', '203.0.113.7'),
    false,
    null,
  ],
  ['a notice about mail of one of us', inNetwork, notice('x@y.example', '203.0.113.9'), true, null],
  ['any notice in a storm', inStorm, notice('ann@other.example'), true, 'discard notice-storm'],
  ['mail in a storm', inStorm, rcpt('100.64.9.9', 'ann@other.example'), false, null],
];
for (const [name, watch, question, isOurs, want] of cases)
  test(`in a flood ${name} is ${want === null ? 'let pass' : `answered: ${want}`}`, () => {
    const verdict = watch.brake(question, isOurs);
    assert.equal(verdict && `${verdict.reply?.code ?? verdict.action} ${verdict.reason}`, want);
  });

const postmaster = 'Postmaster@Hosted.example';
const failedAlert = {
  ...base,
  adapter: 'delivery',
  client: null,
  reversePath: '',
  forwardPath: '',
  check: 'notice',
  nextHop: null,
  origin: {
    isAlert: true,
    reversePath: '',
    proof: noProof,
    isWanted: false,
    toSender: 0,
    toAll: 0,
    backlog: null,
  },
} as const satisfies Question;
const doorsOfAlerts: readonly [name: string, question: Question][] = [
  ['as a notice, at the door of its own', notice(postmaster.toLowerCase())],
  ['about mail of a client', notice(postmaster, '192.0.2.7')],
  ['from this machine, at RCPT', { ...rcpt('127.0.0.1', '', postmaster), client: null }],
  ['that failed', failedAlert],
];

for (const [name, question] of doorsOfAlerts)
  test(`an alert ${name}, is neither braked nor counted in a storm of notices`, () => {
    const scene = noticeStorm('one', { ...size, count: 2000 });
    const { watch } = watchAfter(scene, () => postmaster);
    const [before] = watch.changed();
    assert.ok(before);
    assert.equal(watch.brake(question, true), null);
    const verdict: Verdict = { action: 'discard', reply: null, reason: 'null-mx', steps: [] };
    watch.see(question, verdict, true);
    assert.deepEqual(watch.changed(), []);
    // Any other is both.
    const other = notice('ann@other.example');
    assert.equal(watch.brake(other, true)?.reason, 'notice-storm');
    watch.see(other, verdict, true);
    assert.equal(watch.changed()[0]?.id, before.id);
  });

test('a notice of ours to whom alerts go as well, forged as the sender of others, is braked', () => {
  const { watch } = watchAfter(noticeStorm('one', { ...size, count: 2000 }), () => postmaster);
  const origin: NoticeOrigin = { ...failedAlert.origin, isAlert: false, reversePath: postmaster };
  const question: Question = { ...failedAlert, forwardPath: postmaster, origin };
  assert.equal(watch.brake(question, true)?.reason, 'notice-storm');
});

test('mail in the names of ever new domains takes no client its good name', () => {
  const { watch, clock } = watchAfter(forgedSenderAtDoor('one', size));
  const batch = 4000;
  for (let first = 0; first < 3 * batch; first += batch)
    for (let round = 0; round < 2; round++) {
      clock.now += hour;
      for (let n = first; n < first + batch; n++) {
        const question = { ...rcpt('100.64.9.9', `a@x-${n}.example`), adapter: 'milter' } as const;
        for (let i = 0; i < 11; i++) watch.see(question, accepted, false);
      }
    }
  const names = watch.goodClients().map(({ client }) => client);
  assert.ok(names.length > 9000, `${names.length}`);
  assert.ok(names.includes('203.0.113.7'));
});

test('where the clock is set back what goes on goes on, ends when it is quiet, and a day is no hour', () => {
  const { watch, clock } = watchAfter(forgedSenderAtDoor('one', size));
  const question = rcpt('100.64.9.9', forged);
  clock.now -= 365 * 24 * hour;
  assert.notEqual(watch.brake(question, false), null);
  const [changed] = watch.changed();
  assert.equal(changed?.id, '2006-09-05.1');
  clock.now += 2 * hour;
  watch.changed();
  assert.equal(watch.brake(question, false), null);
  const unknown: Verdict = { action: 'refuse', reply: null, reason: 'mailbox-unknown', steps: [] };
  for (let i = 0; i < 100; i++) {
    clock.now += hour / 2;
    watch.see(rcpt('203.0.113.77', 'bob@other.example', `x${i}@site.example`), unknown, false);
  }
  assert.deepEqual(watch.changed(), [], 'a few dead addresses a day are no harvest');
});

test('an incident of a time that is still to come is over when it is quiet', () => {
  const { watch } = watchAfter(forgedSenderAtDoor('one', size));
  const [told] = watch.changed();
  assert.ok(told);
  const clock = { now: morning - 24 * hour };
  const again = createFloodWatch({ now: () => clock.now });
  again.resume([told]);
  clock.now += 2 * hour;
  const [ended] = again.changed();
  assert.deepEqual([ended?.id, ended?.isOpen], [told.id, false]);
});

const honest: readonly [name: string, scene: Scene, client: string][] = [
  [
    'sends the notices of a joe job',
    fromOne(joeJob('one', { ...size, count: 1000 }, false), 2),
    '203.0.113.99',
  ],
  [
    'has a user who is in an answer loop',
    answerLoop('one', { ...size, count: 200 }),
    new Stage('').client(1, 1000),
  ],
];
for (const [name, scene, client] of honest)
  test(`a server that ${name} is not braked for what else it sends`, () => {
    const { watch } = watchAfter(scene);
    assert.equal(watch.changed().length, 1);
    assert.equal(watch.brake(rcpt(client, 'ann@other.example'), false), null);
  });

/** By the neighbours of a good client. */
function networkHarvest(): Scene {
  const stage = new Stage('one');
  for (let i = 0; i < 400; i++)
    stage.attempt(
      stage.at(morning, 30 * minute),
      `203.0.113.${100 + (i % 10)}`,
      `x${i}@y-${i}.example`,
      stage.inventedMailbox(),
      'unknown',
    );
  return stage.end({ cause: 'harvest', subject: '203.0.113.0/24', recipients: 400 });
}

/** One of the clients is quick. */
function slowHarvestWithHarvester(): Scene {
  const { observations, truth } = slowHarvest('one', { ...size, count: 2000, clients: 900 });
  return {
    truth,
    observations: observations.map((one, i) => (i % 8 > 0 ? one : { ...one, client: '192.0.2.7' })),
  };
}

/** Every `nth` of it comes from one large server. */
function fromOne({ observations, truth }: Scene, nth: number): Scene {
  const client = '203.0.113.99';
  return {
    truth,
    observations: observations.map((one, i) => (i % nth > 0 ? one : { ...one, client })),
  };
}

test('a domain that has sent good mail for a while is never called forged', () => {
  const clock = { now: morning - 3 * hour };
  const watch = createFloodWatch({ now: () => clock.now });
  const good = { ...rcpt('203.0.113.7', 'ann@Seaton.biz'), adapter: 'milter' } as const;
  for (let i = 0; i < 30; i++) {
    clock.now += 3 * minute;
    watch.see(good, accepted, false);
  }
  for (const observation of forgedDomain('one', size).observations) watch.observe(observation);
  assert.deepEqual(watch.changed(), []);
});

test('mail that would come back is counted once, though both judge and delivery tell of it', () => {
  const clock = { now: morning };
  const watch = createFloodWatch({ now: () => clock.now });
  const paths = { reversePath: 'ann@site-1.example', forwardPath: 'bob@circle.example' };
  const asked: Question = {
    ...paths,
    adapter: 'delivery',
    client: null,
    queueId: null,
    check: 'loop',
    facts: noLoopFacts,
  };
  const found: Verdict = { action: 'refuse', reply: null, reason: 'greets-as-us', steps: [] };
  const fate = {
    kind: 'fate',
    outcome: 'returned',
    bytes: 0,
    nextHop: null,
    client: null,
  } as const;
  for (let i = 0; i < 25; i++) {
    clock.now += 1000;
    watch.see(asked, found, true);
    watch.observe({ ...fate, ...paths, at: clock.now });
  }
  const [incident] = watch.changed();
  assert.deepEqual([incident?.cause, incident?.made.returns], ['mail-loop', 25]);
});

/** Recipients that do not exist, five over each connection; `mark` as its door tells it. */
function floodOver(mark: () => object | undefined) {
  const watch = createFloodWatch({ now: () => morning });
  const unknown: Verdict = { action: 'refuse', reply: null, reason: 'mailbox-unknown', steps: [] };
  for (let i = 0; i < 30; i++) {
    const connection = mark();
    for (let n = 0; n < 5; n++) {
      const question = rcpt(`100.64.${i}.1`, forged, `x${i}-${n}@site.example`);
      watch.see({ ...question, ...(connection && { connection }) }, unknown, false);
    }
  }
  return watch;
}

test('connections are counted where the door tells them apart', () => {
  const [told] = floodOver(() => ({})).changed();
  assert.deepEqual([told?.received.recipients, told?.received.connections], [150, 30]);
  const [untold] = floodOver(() => undefined).changed();
  assert.deepEqual([untold?.received.recipients, untold?.received.connections], [150, null]);
});

test('the message that comes after its recipients came over the same connection', () => {
  const watch = floodOver(() => ({}));
  const connection = {};
  const door = { ...rcpt('100.64.0.1', forged), connection };
  watch.see(door, accepted, false);
  watch.see({ ...door, check: 'loop', facts: noLoopFacts, size: 100 }, accepted, false);
  const [told] = watch.changed();
  assert.deepEqual([told?.received.messages, told?.received.connections], [1, 31]);
});

test('a flood has its part of the CPU that was used meanwhile', () => {
  const watch = floodOver(() => ({}));
  watch.spend(0);
  watch.see(rcpt('100.64.0.1', forged), accepted, false);
  watch.see(rcpt('203.0.113.9', 'ann@other.example'), accepted, false);
  watch.spend(500);
  assert.equal(watch.changed()[0]?.made.cpu, 250);
});

test('a brake names its incident, is lifted by hand, and ends by itself', () => {
  const { watch, clock } = watchAfter(forgedSenderAtDoor('one', size));
  const question = rcpt('100.64.9.9', forged);
  const verdict = watch.brake(question, false);
  assert.match(verdict?.reply?.text ?? '', /\(2006-09-05\.1\)$/);
  assert.deepEqual(verdict?.steps[0], 'it belongs to the incident 2006-09-05.1');
  watch.lift([{ cause: 'forged-sender', subject: forged }]);
  assert.equal(watch.brake(question, false), null);
  watch.lift([]);
  assert.notEqual(watch.brake(question, false), null);
  clock.now += 2 * hour;
  watch.changed();
  assert.equal(watch.brake(question, false), null);
});

test('a backlog that is there at the start is an incident from then on, and the same one when it is back soon', () => {
  const clock = { now: morning };
  const watch = createFloodWatch({ now: () => clock.now });
  watch.backlog(true);
  const [begun] = watch.changed();
  assert.deepEqual([begun?.start, begun?.isOpen, begun?.cause], [morning, true, 'notice-storm']);
  watch.backlog(false);
  assert.equal(watch.changed()[0]?.isOpen, false);
  clock.now += hour;
  watch.backlog(true);
  const [again] = watch.changed();
  assert.deepEqual([again?.id, again?.isOpen], [begun?.id, true]);
});

test('after a restart the end of a backlog ends its storm, and none that was seen as one', () => {
  const begun = createFloodWatch({ now: () => morning });
  begun.backlog(true);
  const seen = watchAfter(noticeStorm('one', { ...size, count: 2000 }));
  for (const [told, isOver] of [
    [begun.changed(), true],
    [seen.watch.changed(), false],
  ] as const) {
    const again = createFloodWatch({ now: () => told[0]?.end ?? 0 });
    again.resume(told);
    again.backlog(false);
    assert.equal(again.changed()[0]?.isOpen === false, isOver);
    assert.equal(again.brake(notice('ann@other.example'), true) === null, isOver);
  }
});

test('the end of a backlog ends no storm that was seen before it', () => {
  const { watch } = watchAfter(noticeStorm('one', { ...size, count: 2000 }));
  watch.backlog(true);
  watch.backlog(false);
  assert.equal(watch.brake(notice('ann@other.example'), true)?.reason, 'notice-storm');
});

test('a brake lasts as long as the flood tries, though nothing else of it is seen', () => {
  const { watch, clock } = watchAfter(forgedSenderAtDoor('one', size));
  const question = rcpt('100.64.9.9', forged);
  for (let i = 0; i < 300; i++) {
    clock.now += minute;
    watch.changed();
    const verdict = watch.brake(question, false);
    assert.ok(verdict, `after ${i} minutes`);
    watch.see({ ...question, check: 'flood' }, verdict, false);
  }
});
