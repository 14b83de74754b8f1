/** Bounds, stopping and starting again: nothing is lost, nothing is delivered twice, nobody starves. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultDeliverySettings } from '../../src/delivery/create-delivery.ts';
import { defaultSchedulerLimits } from '../../src/delivery/scheduler.ts';
import { QueueWriteError } from '../../src/store/errors.ts';
import type { QueueStore } from '../../src/store/queue-store.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';
import { createFakeClock } from '../fake-clock.ts';
import { memoryQueue } from '../store/memory-queue.ts';
import { type Answer, createStage, later, refused, spfProof, taken } from './stage.ts';

const minute = 60_000;

/** A queue that outlives its delivery. */
function lasting(): QueueStore {
  const store = memoryQueue();
  return { ...store, [Symbol.asyncDispose]: async () => {} };
}

/** A next hop that answers when it is told to. */
function slowHop() {
  const waiting: ((answer: Answer) => void)[] = [];
  return {
    says: () => new Promise<Answer>((resolve) => waiting.push(resolve)),
    waiting,
    answer: (answer: Answer) => {
      for (const resolve of waiting.splice(0)) resolve(answer);
    },
  };
}

test('what was not delivered when we stopped is delivered after the next start, once', async () => {
  const store = lasting();
  const clock = createFakeClock();
  {
    await using first = createStage({ store, clock, hops: { 'slow.example': () => later } });
    await first.send({ to: ['a@slow.example', 'b@fast.example'] });
    assert.equal(first.shipments.length, 1);
  }
  await using second = createStage({ store, clock });
  await second.pass(10 * minute);
  assert.deepEqual(second.tried, ['slow.example a@slow.example']);
  assert.deepEqual(await second.all(), []);
});

test('stopping waits for what is under way', async () => {
  const slow = slowHop();
  const stage = createStage({ hops: { '*': slow.says } });
  await stage.send({});
  const closed = stage.delivery[Symbol.asyncDispose]();
  await stage.rest();
  slow.answer(taken);
  await stage.rest();
  await closed;
  assert.deepEqual(await stage.all(), []);
});

test('what hangs when we stop is broken off after the grace, and counts as no attempt', async () => {
  const slow = slowHop();
  const stage = createStage({ hops: { '*': slow.says } });
  for (let n = 0; n < 10; n++) await stage.send({});
  const closed = stage.delivery[Symbol.asyncDispose]();
  await stage.pass(defaultSchedulerLimits.grace + 5000);
  await closed;
  const left = await stage.all();
  assert.equal(left.length, 10);
  for (const { isClaimed, recipients } of left) {
    assert.equal(isClaimed, false);
    assert.deepEqual([recipients[0]?.state, recipients[0]?.attempts], ['waiting', 0]);
  }
});

test('no more is held in memory than allowed', async () => {
  const slow = slowHop();
  const settings = {
    scheduler: { ...defaultSchedulerLimits, mostFresh: 10, mostOctets: 1_000_000 },
  };
  await using stage = createStage({ hops: { '*': slow.says }, settings });
  for (let n = 0; n < 9; n++) await stage.send({ to: [`a@d${n}.example`] });
  assert.equal(stage.delivery.hasRoom(), true);
  await stage.send({});
  assert.equal(stage.delivery.hasRoom(), false);
  slow.answer(taken);
  await stage.rest();
  assert.equal(stage.delivery.hasRoom(), true);
  await stage.send({ content: `Subject: x\r\n\r\n${'x'.repeat(1_000_000)}\r\n` });
  assert.equal(stage.delivery.hasRoom(), false);
  slow.answer(taken);
  await stage.rest();
});

test('a slow next hop with a long backlog does not hold up the mail of others', async () => {
  const slow = slowHop();
  await using stage = createStage({ hops: { 'slow.example': slow.says } });
  for (let n = 0; n < 300; n++) await stage.queue({ to: [`a${n}@slow.example`] });
  await stage.pass(2000);
  assert.ok(slow.waiting.length > 0 && slow.waiting.length < 20, `${slow.waiting.length}`);
  await stage.queue({ to: ['b@fast.example'] });
  await stage.pass(2000);
  await stage.send({ to: ['c@fast.example'] });
  assert.deepEqual(
    stage.shipments.map(({ hop }) => hop),
    ['fast.example', 'fast.example'],
  );
  for (let n = 0; n < 300; n++) {
    slow.answer(taken);
    await stage.pass(1000);
  }
  assert.deepEqual(await stage.all(), []);
});

test('fresh mail goes before the backlog of its own next hop', async () => {
  const slow = slowHop();
  await using stage = createStage({ hops: { '*': slow.says } });
  for (let n = 0; n < 60; n++) await stage.queue({ to: [`old${n}@there.example`] });
  await stage.pass(2000);
  await stage.send({ to: ['new@there.example'] });
  assert.equal(stage.tried.at(-1), 'there.example new@there.example');
  for (let n = 0; n < 60; n++) {
    slow.answer(taken);
    await stage.pass(1000);
  }
  assert.deepEqual(await stage.all(), []);
});

test('a next hop gets more connections the better it does, twenty at most', async () => {
  const slow = slowHop();
  await using stage = createStage({ hops: { '*': slow.says } });
  let most = 0;
  for (let n = 0; n < 10; n++) await stage.send({});
  assert.equal(slow.waiting.length, 5);
  for (let n = 0; n < 490; n++) void stage.send({});
  for (let turn = 0; turn < 100; turn++) {
    await stage.rest();
    most = Math.max(most, slow.waiting.length);
    slow.answer(taken);
  }
  await stage.rest();
  assert.equal(most, 20);
  assert.deepEqual(await stage.all(), []);
});

test('a thousand dead servers leave half of all places to those that work', async () => {
  const slow = slowHop();
  const settings = { ...defaultDeliverySettings, mostActive: 20 };
  await using stage = createStage({
    settings,
    hops: { 'fast.example': () => taken, '*': slow.says },
  });
  await stage.send({ to: ['first@fast.example'] });
  for (let n = 0; n < 100; n++) await stage.send({ to: [`a@dead${n}.example`] });
  assert.equal(slow.waiting.length, 10);
  await stage.send({ to: ['second@fast.example'] });
  assert.equal(stage.shipments.length, 2);
  for (let n = 0; n < 20; n++) {
    slow.answer(later);
    await stage.rest();
  }
});

test('while the store cannot be written, what was delivered is not delivered again', async () => {
  const store = memoryQueue();
  let isFull = true;
  const failing: QueueStore = {
    ...store,
    settle: async (settlement) => {
      if (isFull) throw new QueueWriteError('no space left on device');
      await store.settle(settlement);
    },
  };
  await using stage = createStage({ store: failing });
  await stage.send({});
  await stage.pass(10 * minute);
  assert.equal((await stage.all()).length, 1);
  isFull = false;
  await stage.pass(minute);
  assert.deepEqual(await stage.all(), []);
  assert.equal(stage.tried.length, 1);
});

for (const { name, proof, limits, left } of [
  {
    name: 'nobody was told of, as nothing proves the sender,',
    proof: noProof,
    limits: {},
    left: ['kept'],
  },
  {
    name: 'nobody was told of, as notices are off,',
    proof: spfProof,
    limits: { policy: 'never' },
    left: ['kept'],
  },
  { name: 'was reported', proof: spfProof, limits: {}, left: [] },
] as const)
  test(`of a message whose earlier failure ${name} is left when its last recipient is done: ${left.length}`, async () => {
    let isReady = false;
    await using stage = createStage({
      notices: limits,
      hops: { 'bad.example': () => refused, 'late.example': () => (isReady ? taken : later) },
    });
    await stage.send({ proof, to: ['a@bad.example', 'b@late.example'] });
    isReady = true;
    await stage.pass(6 * minute);
    assert.deepEqual(
      (await stage.all()).map(({ state }) => state),
      left,
    );
  });

test('the failure of one recipient is reported at once, once, while another still waits', async () => {
  await using stage = createStage({
    hops: { 'bad.example': () => refused, 'late.example': () => later },
  });
  await stage.send({ proof: spfProof, to: ['a@bad.example', 'b@late.example'] });
  await stage.pass(60 * minute);
  const notices = stage.shipments.filter(({ hop }) => hop === 'sender.example');
  assert.equal(notices.length, 1);
});
