/** Handing a message to its backend while the client waits. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultDeliverySettings } from '../../src/delivery/create-delivery.ts';
import type { MessageRecord, NewRecipient } from '../../src/store/queue-store.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';
import { type Answer, createStage, dead, later, refused, type Says, taken } from './stage.ts';

const settings = { ...defaultDeliverySettings, cutThrough: new Set(['a.example', 'b.example']) };
const hosted = {
  'a.example': 'lmtp:127.0.0.1:24',
  'b.example': 'smtp:127.0.0.1:25',
  'c.example': 'lmtp:127.0.0.1:24',
};

function stageWith(says: Says) {
  return createStage({ settings, hosted, hops: { '*': says } });
}

const content = Buffer.from('Subject: x\r\n\r\nHello.\r\n');

function recipientsOf(...paths: string[]): NewRecipient[] {
  return paths.map((forwardPath) => ({
    forwardPath,
    original: forwardPath,
    domain: forwardPath.slice(forwardPath.indexOf('@') + 1),
    notify: null,
    orcpt: null,
  }));
}

function messageAt(now: number): MessageRecord {
  return {
    id: 4711,
    kind: 'mail',
    receivedAt: now,
    expiresAt: now + 86_400_000,
    sender: {
      reversePath: 'n@sender.example',
      body: '7bit',
      smtpUtf8: false,
      ret: null,
      envid: null,
    },
    client: null,
    proof: noProof,
    size: content.length,
  };
}

test('only recipients with one backend whose domains are all set up so', async () => {
  await using stage = stageWith(() => taken);
  const can = (...paths: string[]) => stage.delivery.canCutThrough(recipientsOf(...paths));
  assert.equal(can('x@a.example', 'y@a.example'), true);
  assert.equal(can('x@b.example'), true);
  assert.equal(can('x@a.example', 'x@b.example'), false);
  assert.equal(can('x@a.example', 'x@c.example'), false);
  assert.equal(can('x@there.example'), false);
});

const cases: readonly [name: string, answers: readonly Answer[], want: readonly number[] | null][] =
  [
    ['takes it', [taken, taken], [250, 250]],
    ['refuses it', [refused, refused], [550, 550]],
    ['takes it for one and refuses the other', [taken, refused], [250, 550]],
    ['defers it', [later, later], null],
    ['takes it for one and defers the other', [taken, later], null],
    ['is away', [dead, dead], null],
  ];
for (const [name, answers, want] of cases)
  test(`a backend that ${name}: the client hears ${want?.join(' and ') ?? 'nothing of it'}`, async () => {
    let n = 0;
    await using stage = stageWith(() => answers[n++] ?? taken);
    const replies = await stage.delivery.cutThrough(
      messageAt(stage.clock.now()),
      recipientsOf('x@a.example', 'y@a.example'),
      content,
    );
    assert.deepEqual(replies?.map(({ code }) => code) ?? null, want);
  });

test('what a backend took is not given to it again when the message is queued after all', async () => {
  let n = 0;
  await using stage = stageWith(() => [taken, later, taken][n++] ?? taken);
  const message = messageAt(stage.clock.now());
  const recipients = recipientsOf('x@a.example', 'y@a.example');
  assert.equal(await stage.delivery.cutThrough(message, recipients, content), null);
  const draft = stage.store.begin();
  await draft?.write(content);
  await draft?.commit(message, recipients, Buffer.alloc(0), true);
  stage.delivery.take(message, recipients, content);
  await stage.rest();
  const [queued] = await stage.all();
  assert.deepEqual(
    queued?.recipients.map(({ state, attempts }) => [state, attempts]),
    [
      ['delivered', 1],
      ['waiting', 1],
    ],
  );
  await stage.pass(360_000);
  assert.deepEqual(stage.tried, [
    '127.0.0.1:24 x@a.example',
    '127.0.0.1:24 y@a.example',
    '127.0.0.1:24 y@a.example',
  ]);
  assert.deepEqual(await stage.all(), []);
});

test('where only the refused are queued, they and nobody else fail, without a second attempt', async () => {
  let n = 0;
  await using stage = stageWith(() => [taken, refused][n++] ?? taken);
  const message = messageAt(stage.clock.now());
  const [first, second] = recipientsOf('x@a.example', 'y@a.example');
  assert.ok(first && second);
  await stage.delivery.cutThrough(message, [first, second], content);
  const draft = stage.store.begin();
  await draft?.write(content);
  await draft?.commit(message, [second], Buffer.alloc(0), true);
  stage.delivery.take(message, [second], content);
  await stage.rest();
  const [queued] = await stage.all();
  assert.deepEqual(
    queued?.recipients.map(({ forwardPath, state }) => [forwardPath, state]),
    [['y@a.example', 'failed']],
  );
  assert.equal(stage.tried.length, 2);
  assert.deepEqual(
    stage.log.map(({ details, message: outcome }) => [details['to'], outcome]),
    [
      ['x@a.example', 'relayed'],
      ['y@a.example', 'failed'],
    ],
  );
});

test('who wants a report of success goes through the queue', async () => {
  await using stage = stageWith(() => taken);
  const recipients = recipientsOf('x@a.example').map((one) => ({
    ...one,
    notify: ['success'] as const,
  }));
  assert.equal(stage.delivery.canCutThrough(recipients), false);
});

test('a backend that is down is not tried while the client waits', async () => {
  await using stage = stageWith(() => dead);
  const message = messageAt(stage.clock.now());
  await stage.delivery.cutThrough(message, recipientsOf('x@a.example'), content);
  assert.equal(stage.delivery.canCutThrough(recipientsOf('x@a.example')), false);
});
