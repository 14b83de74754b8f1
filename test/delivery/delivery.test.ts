/** What becomes of accepted mail: delivered, tried again, given up, reported. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createStage, dead, later, refused, spfProof, taken } from './stage.ts';

const minute = 60_000;
const hour = 60 * minute;

test('a fresh message is delivered at once, and the queue is empty', async () => {
  await using stage = createStage();
  await stage.send({});
  assert.deepEqual(stage.tried, ['there.example ann@there.example']);
  assert.deepEqual(await stage.all(), []);
  assert.equal(stage.shipments[0]?.text.endsWith('Hello.\r\n'), true);
});

test('a message that nobody handed over is found in the store within a second', async () => {
  await using stage = createStage();
  await stage.rest();
  await stage.queue({});
  await stage.pass(1000);
  assert.deepEqual(await stage.all(), []);
});

test('recipients with one next hop share a transaction, others have their own', async () => {
  await using stage = createStage({
    hosted: { 'a.example': 'lmtp:127.0.0.1:24', 'b.example': 'lmtp:127.0.0.1:24' },
  });
  await stage.send({
    to: ['x@there.example', 'y@a.example', 'z@there.example', 'w@elsewhere.example'],
  });
  const counts = stage.shipments.map(({ hop, shipment }) => `${hop} ${shipment.recipients.length}`);
  assert.deepEqual(counts.sort(), ['127.0.0.1:24 1', 'elsewhere.example 1', 'there.example 2']);
});

test('250 recipients with one next hop are three transactions', async () => {
  await using stage = createStage();
  await stage.send({ to: Array.from({ length: 250 }, (_, n) => `r${n}@there.example`) });
  assert.deepEqual(
    stage.shipments.map(({ shipment }) => shipment.recipients.length),
    [100, 100, 50],
  );
});

test('a deferred recipient is tried again after 5, 10, 20 minutes, the others are not', async () => {
  const attempts: number[] = [];
  await using stage = createStage({
    hops: {
      'there.example': (path) => {
        if (path !== 'ann@there.example') return taken;
        attempts.push(stage.clock.now());
        return attempts.length < 4 ? later : taken;
      },
    },
  });
  const start = stage.clock.now();
  await stage.send({ to: ['ann@there.example', 'bob@there.example'] });
  const [message] = await stage.all();
  assert.deepEqual(
    message?.recipients.map(({ state, attempts: made, reply }) => [state, made, reply?.code]),
    [
      ['waiting', 1, 451],
      ['delivered', 1, 250],
    ],
  );
  await stage.pass(hour);
  const waits = attempts.map((at) => Math.round((at - start) / minute));
  assert.deepEqual(waits, [0, 5, 15, 35]);
  assert.deepEqual(await stage.all(), []);
  assert.equal(stage.tried.filter((line) => line.includes('bob')).length, 1);
});

test('what cannot be delivered within its life fails with the last words of the next hop', async () => {
  await using stage = createStage({ hops: { 'there.example': () => later } });
  await stage.send({ proof: spfProof, life: 2 * hour });
  await stage.pass(3 * hour);
  const notice = stage.shipments.find(({ hop }) => hop === 'sender.example');
  assert.match(notice?.text ?? '', /^Status: 4\.4\.7\r$/m);
  assert.match(notice?.text ?? '', /^Diagnostic-Code: smtp; 451 4\.3\.0 Not now\r$/m);
  const last = stage.log.findLast(({ message }) => message === 'failed');
  assert.equal(
    last?.details['reply'],
    '451 4.4.7 Not delivered within 2 hours; at last: 451 4.3.0 Not now',
  );
  assert.deepEqual(await stage.all(), []);
});

test('a failure is reported to a proved sender, and its notice goes out under the null reverse-path', async () => {
  await using stage = createStage({ hops: { 'there.example': () => refused } });
  await stage.send({ proof: spfProof });
  await stage.rest();
  const [notice] = stage.shipments;
  assert.equal(notice?.hop, 'sender.example');
  assert.equal(notice?.shipment.sender.reversePath, '');
  assert.match(notice?.text ?? '', /^Diagnostic-Code: smtp; 550 5\.1\.1 No such user\r$/m);
  assert.deepEqual(await stage.all(), []);
});

test('an unproved sender gets no notice: a receipt, and the message is kept for a week', async () => {
  await using stage = createStage({ hops: { 'there.example': () => refused } });
  const id = await stage.send({});
  const [message, ...more] = await stage.all();
  assert.deepEqual([message?.id, message?.state, more], [id, 'kept', []]);
  assert.equal(message?.keptUntil, stage.clock.now() + 7 * 24 * hour);
  assert.deepEqual(
    stage.verdicts.map(({ verdict }) => [verdict.action, verdict.reason]),
    [['discard', 'sender-unproved']],
  );
});

test('a notice that fails itself ends with a receipt', async () => {
  await using stage = createStage({ hops: { '*': () => refused } });
  await stage.send({ proof: spfProof });
  await stage.rest();
  assert.deepEqual(
    stage.verdicts.map(({ verdict }) => verdict.reason),
    ['notice-about-notice'],
  );
  const left = await stage.all();
  assert.deepEqual(
    left.map(({ kind, state }) => [kind, state]),
    [['notice', 'kept']],
  );
});

test('a dead next hop is left alone, and holds up nobody else', async () => {
  await using stage = createStage({ hops: { 'dead.example': () => dead } });
  for (let n = 0; n < 20; n++) {
    await stage.send({ to: [`r${n}@dead.example`] });
    await stage.send({ to: [`r${n}@there.example`] });
  }
  assert.equal(stage.tried.filter((line) => line.startsWith('there')).length, 20);
  assert.equal(stage.tried.filter((line) => line.startsWith('dead')).length, 1);
  const left = await stage.all();
  assert.equal(left.length, 20);
  assert.ok(left.every(({ recipients }) => recipients[0]?.reply?.status === '4.4.1'));
});

test('when a dead next hop comes back, one message is the probe and the others follow', async () => {
  let isDead = true;
  let most = 0;
  let under = 0;
  await using stage = createStage({
    hops: {
      'dead.example': async () => {
        most = Math.max(most, ++under);
        await new Promise<void>((resolve) => setImmediate(resolve));
        under--;
        return isDead ? dead : taken;
      },
    },
  });
  for (let n = 0; n < 20; n++) await stage.send({ to: [`r${n}@dead.example`] });
  await stage.pass(5 * minute);
  assert.equal(most, 1);
  assert.ok(stage.tried.length < 12, `${stage.tried.length} attempts`);
  isDead = false;
  await stage.pass(15 * minute);
  assert.deepEqual(await stage.all(), []);
});
