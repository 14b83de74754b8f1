/** Who is told of a failure, and of what else; and where nobody may be told. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultDeliverySettings } from '../../src/delivery/create-delivery.ts';
import { createFloodWatch } from '../../src/judge/flood-watch.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';
import { createFakeClock } from '../fake-clock.ts';
import {
  createStage,
  later,
  refused,
  type Sent,
  type Stage,
  type StageOptions,
  spfProof,
  taken,
} from './stage.ts';

const minute = 60_000;
const hour = 60 * minute;
const fails: StageOptions = { hops: { 'there.example': () => refused } };

/** Texts of the notices that went out. */
function notices(stage: Stage): string[] {
  return stage.shipments
    .filter(({ shipment }) => shipment.sender.reversePath === '')
    .map(({ text }) => text);
}

/** `action reason` of each verdict that was no accept. */
function receipts(stage: Stage): string[] {
  return stage.verdicts.map(({ verdict }) => `${verdict.action} ${verdict.reason}`);
}

const never = { forwardPath: 'ann@there.example', notify: [] };
const cases: readonly {
  name: string;
  options?: StageOptions;
  sent: Partial<Sent>;
  notices: number;
  receipts: readonly string[];
  kept: number;
}[] = [
  { name: 'SPF proves the sender', sent: { proof: spfProof }, notices: 1, receipts: [], kept: 0 },
  {
    name: 'the sender logged in',
    sent: { proof: { ...noProof, login: 'nicholas' } },
    notices: 1,
    receipts: [],
    kept: 0,
  },
  {
    name: 'nothing proves the sender',
    sent: {},
    notices: 0,
    receipts: ['discard sender-unproved'],
    kept: 1,
  },
  {
    name: 'the reverse-path is null',
    sent: { from: '', proof: spfProof },
    notices: 0,
    receipts: ['discard notice-about-notice'],
    kept: 1,
  },
  {
    name: 'NOTIFY=NEVER',
    sent: { proof: spfProof, to: [never] },
    notices: 0,
    receipts: ['discard notice-unwanted'],
    kept: 1,
  },
  {
    name: 'NOTIFY=NEVER for one of two',
    sent: { proof: spfProof, to: [never, 'bob@there.example'] },
    notices: 1,
    receipts: ['discard notice-unwanted'],
    kept: 1,
  },
  {
    name: 'the policy is never',
    options: { notices: { policy: 'never' } },
    sent: { proof: spfProof },
    notices: 0,
    receipts: ['discard notices-off'],
    kept: 1,
  },
  {
    name: "the sender's domain leads to ourselves",
    options: { dns: { 'sender.example': '127.0.0.1' } },
    sent: { proof: spfProof },
    notices: 0,
    receipts: ['discard loopback'],
    kept: 1,
  },
  {
    name: "the sender's domain does not exist",
    options: { dns: { 'sender.example': null } },
    sent: { proof: spfProof },
    notices: 0,
    receipts: ['discard no-such-domain'],
    kept: 1,
  },
  {
    name: 'the sender is a mailbox of ours',
    options: { hosted: { 'sender.example': 'maildir:/mail' } },
    sent: { proof: spfProof },
    notices: 1,
    receipts: [],
    kept: 0,
  },
  {
    name: 'the sender claims a mailbox of ours that does not exist',
    options: { hosted: { 'sender.example': 'maildir:/mail' }, mailboxes: [] },
    sent: { proof: spfProof },
    notices: 0,
    receipts: ['refuse mailbox-unknown'],
    kept: 1,
  },
];
for (const { name, options, sent, notices: want, receipts: wanted, kept } of cases)
  test(`a failure where ${name}: ${want} notices, ${kept} kept`, async () => {
    await using stage = createStage({ ...fails, ...options });
    await stage.send(sent);
    await stage.rest();
    assert.equal(notices(stage).length, want);
    assert.deepEqual(receipts(stage), wanted);
    const left = await stage.all();
    assert.deepEqual(
      left.map(({ state }) => state),
      Array.from({ length: kept }, () => 'kept'),
    );
  });

test('what is kept is removed after a week', async () => {
  await using stage = createStage({ ...fails, interval: minute });
  await stage.send({});
  assert.equal((await stage.all()).length, 1);
  await stage.pass(6 * 24 * hour);
  assert.equal((await stage.all()).length, 1);
  await stage.pass(25 * hour);
  assert.equal((await stage.all()).length, 0);
});

test('a sender is told of twenty failures within an hour, and then no more', async () => {
  await using stage = createStage(fails);
  for (let n = 0; n < 30; n++) await stage.send({ proof: spfProof });
  assert.equal(notices(stage).length, 20);
  assert.equal(receipts(stage).filter((one) => one === 'discard notice-cap').length, 10);
  await stage.pass(61 * minute);
  await stage.send({ proof: spfProof });
  assert.equal(notices(stage).length, 21);
});

test('a storm of failures trips the breaker, however many senders there are', async () => {
  const clock = createFakeClock();
  const floods = createFloodWatch({ now: clock.now });
  await using stage = createStage({ ...fails, clock, floods, notices: { inAll: 25 } });
  const fail = (n: number) => stage.send({ from: `n${n}@sender.example`, proof: spfProof });
  for (let n = 0; n < 40; n++) await fail(n);
  assert.equal(notices(stage).length, 25);
  assert.equal(receipts(stage).filter((one) => one === 'discard notice-storm').length, 15);
  const [storm, ...others] = floods.changed();
  assert.deepEqual([storm?.cause, storm?.isOpen, others], ['notice-storm', true, []]);
  floods.lift(storm ? [storm] : []);
  await fail(40);
  assert.equal(notices(stage).length, 26);
});

/** Notices that nobody takes at the moment, a few of which are enough. */
function backedUp() {
  const clock = createFakeClock();
  const floods = createFloodWatch({ now: clock.now });
  const world = { takesNotices: false };
  const options: StageOptions = {
    clock,
    floods,
    hops: {
      ...fails.hops,
      'sender.example': () => (world.takesNotices ? taken : later),
    },
    settings: {
      notices: { ...defaultDeliverySettings.notices, backlog: 6, life: 5 * 24 * hour },
    },
  };
  const stage = createStage(options);
  let sent = 0;
  const fail = async (times: number) => {
    for (let n = 0; n < times; n++)
      await stage.send({ from: `n${sent++}@sender.example`, proof: spfProof });
  };
  const queued = () => stage.store.noticesQueued(100);
  return { options, stage, floods, world, fail, queued };
}

test('while notices pile up no more are written, as one incident, until half of them are gone', async () => {
  const { stage, floods, world, fail, queued } = backedUp();
  await using _ = stage;
  await fail(10);
  assert.equal(await queued(), 6);
  assert.deepEqual(receipts(stage).slice(-4), Array(4).fill('discard notice-storm'));
  const [incident, ...others] = floods.changed();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [incident?.cause, incident?.subject, incident?.isOpen],
    ['notice-storm', '', true],
  );
  const told = stage.verdicts.flatMap(({ verdict }) => verdict.steps);
  assert.ok(told.includes(`it belongs to the incident ${incident?.id}`));
  assert.ok(told.includes('6 notices or more wait to be delivered'));

  const waiting = async () =>
    (await stage.all()).filter(({ kind, state }) => kind === 'notice' && state === 'queued');
  const purge = async (count: number) => {
    const ids = (await waiting()).slice(0, count).map(({ id }) => id);
    await stage.store.change('purge', ids, stage.clock.now(), stage.clock.now() + hour);
    await stage.pass(10_000);
  };
  await purge(3);
  await fail(1);
  assert.equal(await queued(), 3, 'half of them are not gone yet');
  await purge(1);
  assert.equal(floods.changed()[0]?.isOpen, false);
  world.takesNotices = true;
  await fail(3);
  assert.equal(notices(stage).length, 3);
  assert.equal(receipts(stage).filter((one) => one === 'discard notice-storm').length, 5);
});

test('after a restart the storm of a backlog ends with that, also where it ended meanwhile', async () => {
  const { options, stage, floods, fail } = backedUp();
  await using _ = stage;
  await fail(7);
  const told = floods.changed();
  const { store, clock } = stage;
  const restart = () => {
    const again = createFloodWatch({ now: clock.now });
    again.resume(told);
    const kept = { ...store, [Symbol.asyncDispose]: async () => {} };
    return { again, next: createStage({ ...options, floods: again, store: kept }) };
  };
  const changes = (watch: typeof floods) => watch.changed().map(({ id, isOpen }) => [id, isOpen]);
  const before = restart();
  await before.next.pass(3 * hour);
  assert.deepEqual(changes(before.again), [], 'it goes on');
  const waiting = (await stage.all()).filter(({ kind }) => kind === 'notice');
  const ids = waiting.map(({ id }) => id);
  await store.change('purge', ids, clock.now(), clock.now() + hour);
  await before.next.pass(10_000);
  const over = [[told[0]?.id, false]];
  assert.deepEqual(changes(before.again), over);
  await before.next[Symbol.asyncDispose]();
  const after = restart();
  await using _next = after.next;
  await after.next.rest();
  assert.deepEqual(changes(after.again), over);
});

test('the brake of a backlog goes on as long as that lasts, and is lifted by hand', async () => {
  const { stage, floods, fail, queued } = backedUp();
  await using _ = stage;
  await fail(6);
  await stage.pass(3 * hour);
  const [incident] = floods.changed();
  assert.equal(incident?.isOpen, true);
  await fail(1);
  assert.equal(await queued(), 6);
  floods.lift([incident]);
  await fail(2);
  assert.equal(await queued(), 8);
});

test('many failures at the same moment do not slip under the cap together', async () => {
  await using stage = createStage({ ...fails, notices: { perSender: 3 } });
  await Promise.all(Array.from({ length: 10 }, () => stage.send({ proof: spfProof })));
  await stage.rest();
  assert.equal(notices(stage).length, 3);
});

test('the failures of one message and attempt are one notice', async () => {
  await using stage = createStage(fails);
  await stage.send({
    proof: spfProof,
    to: ['a@there.example', 'b@there.example', 'c@fine.example'],
  });
  const [notice = '', ...more] = notices(stage);
  assert.equal(more.length, 0);
  assert.equal(notice.match(/^Action: failed/gm)?.length, 2);
  assert.doesNotMatch(notice, /fine\.example/);
});

test('what the sender asked for is in the notice: ENVID, ORCPT, RET', async () => {
  await using stage = createStage(fails);
  const to = [{ forwardPath: 'ann@there.example', orcpt: 'rfc822;old@there.example' }];
  await stage.send({ proof: spfProof, to, parameters: { envid: 'order-17', ret: 'hdrs' } });
  const [notice = ''] = notices(stage);
  assert.match(notice, /^Original-Envelope-Id: order-17\r$/m);
  assert.match(notice, /^Original-Recipient: rfc822; old@there\.example\r$/m);
  assert.match(notice, /^Content-Type: text\/rfc822-headers\r$/m);
  assert.doesNotMatch(notice, /Hello\./);
});

test('a message above 50 KB is returned without its body, asked for or not', async () => {
  await using stage = createStage(fails);
  const content = `Subject: big\r\n\r\n${'Hello.\r\n'.repeat(10_000)}`;
  await stage.send({ proof: spfProof, content, parameters: { ret: 'full' } });
  const [notice = ''] = notices(stage);
  assert.match(notice, /^Subject: big\r$/m);
  assert.doesNotMatch(notice, /Hello\./);
});

test('the address behind an alias is not told to the sender', async () => {
  await using stage = createStage(fails);
  const to = [{ forwardPath: 'secret@there.example', original: 'info@ours.example' }];
  await stage.send({ proof: spfProof, to });
  assert.match(notices(stage)[0] ?? '', /^Final-Recipient: rfc822; info@ours\.example\r$/m);
});

test('NOTIFY=SUCCESS: a mailbox of ours is reported as delivered, a server without DSN as relayed', async () => {
  await using stage = createStage({ hosted: { 'ours.example': 'maildir:/mail' } });
  const notify = ['success'] as const;
  await stage.send({
    proof: spfProof,
    to: [
      { forwardPath: 'a@ours.example', notify },
      { forwardPath: 'b@there.example', notify },
      'c@there.example',
    ],
  });
  const [notice = '', ...more] = notices(stage);
  assert.equal(more.length, 0);
  assert.match(notice, /a@ours\.example\r\nAction: delivered\r\n/);
  assert.match(notice, /b@there\.example\r\nAction: relayed\r\n/);
  assert.doesNotMatch(notice, /c@there/);
  assert.deepEqual(await stage.all(), []);
});

test('NOTIFY=SUCCESS of an unproved sender is no way to send notices to a victim', async () => {
  await using stage = createStage();
  await stage.send({ to: [{ forwardPath: 'a@there.example', notify: ['success'] }] });
  assert.deepEqual(notices(stage), []);
  assert.deepEqual(receipts(stage), ['discard sender-unproved']);
  assert.deepEqual(await stage.all(), []);
});

test('a server that does DSN itself is left to report success', async () => {
  await using stage = createStage({ hops: { '*': () => ({ outcome: 'delivered' }) } });
  await stage.send({
    proof: spfProof,
    to: [{ forwardPath: 'a@there.example', notify: ['success'] }],
  });
  assert.deepEqual(notices(stage), []);
});

test('a delay is reported once, after four hours, to who asked for it', async () => {
  await using stage = createStage({ hops: { 'there.example': () => later }, interval: minute });
  await stage.send({
    proof: spfProof,
    to: [{ forwardPath: 'a@there.example', notify: ['delay'] }],
  });
  await stage.send({ proof: spfProof });
  await stage.pass(3 * hour);
  assert.deepEqual(notices(stage), []);
  await stage.pass(24 * hour);
  const [notice = '', ...more] = notices(stage);
  assert.equal(more.length, 0);
  assert.match(notice, /^Action: delayed\r$/m);
  assert.match(notice, /^Will-Retry-Until: /m);
  assert.equal((await stage.all()).length, 2);
});

test('a delay is reported to everybody where the operator wants that', async () => {
  const settings = {
    notices: { ...defaultDeliverySettings.notices, tellsDelay: true },
  };
  await using stage = createStage({
    hops: { 'there.example': () => later },
    settings,
    interval: minute,
  });
  await stage.send({ proof: spfProof });
  await stage.pass(12 * hour);
  assert.equal(notices(stage).length, 1);
});

test('the report goes to the login where the operator wants that, not to what the login claims', async () => {
  const notice = {
    ...defaultDeliverySettings.notices,
    addressOfLogin: (login: string) => `${login}@ours.example`,
  };
  await using stage = createStage({ ...fails, settings: { notices: notice } });
  await stage.send({ from: 'victim@sender.example', proof: { ...noProof, login: 'bob' } });
  assert.deepEqual(
    stage.tried.filter((line) => !line.startsWith('there')),
    ['ours.example bob@ours.example'],
  );
});

test('where DNS does not answer for the sender, the notice waits in the queue and is judged there', async () => {
  const dns: Record<string, string | null> = { 'sender.example': 'fails' };
  await using stage = createStage({ ...fails, dns });
  await stage.send({ proof: spfProof });
  const [waiting] = await stage.all();
  assert.deepEqual([waiting?.kind, waiting?.state], ['notice', 'queued']);
  dns['sender.example'] = '127.0.0.1';
  await stage.pass(20 * minute);
  assert.deepEqual(
    stage.tried.filter((line) => line.startsWith('sender')),
    [],
  );
  assert.ok(receipts(stage).includes('refuse loopback'));
  assert.deepEqual(
    (await stage.all()).map(({ kind, state }) => [kind, state]),
    [['notice', 'kept']],
  );
});

test('a notice is given up after a day', async () => {
  await using stage = createStage({
    hops: { 'there.example': () => refused, 'sender.example': () => later },
    interval: minute,
  });
  await stage.send({ proof: spfProof });
  await stage.pass(20 * hour);
  assert.deepEqual(
    (await stage.all()).map(({ state }) => state),
    ['queued'],
  );
  await stage.pass(9 * hour);
  assert.deepEqual(
    (await stage.all()).map(({ state }) => state),
    ['kept'],
  );
});
