/** Where mail goes, and where it must not go, whatever DNS and the configuration say by then. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createStage, type Stage, spfProof, taken } from './stage.ts';

const minute = 60_000;

function receipts(stage: Stage): string[] {
  return stage.verdicts.map(({ verdict }) => `${verdict.action} ${verdict.reason}`);
}

test('mail for a hosted domain goes where the configuration says, all other to its MX', async () => {
  await using stage = createStage({
    hosted: { 'a.example': 'lmtp:127.0.0.1:24', 'b.example': 'maildir:/mail', 'c.example': 'mx' },
  });
  await stage.send({ to: ['x@a.example', 'x@b.example', 'x@c.example', 'x@d.example'] });
  assert.deepEqual(stage.tried, [
    '127.0.0.1:24 x@a.example',
    '/mail x@b.example',
    'c.example x@c.example',
    'd.example x@d.example',
  ]);
});

test('with a smarthost, mail for foreign domains goes there, whatever their MX', async () => {
  await using stage = createStage({
    smarthost: 'relay.example:587',
    hosted: { 'a.example': 'lmtp:127.0.0.1:24' },
    dns: { 'relay.example': '9.9.9.9' },
  });
  await stage.send({ to: ['x@a.example', 'x@d.example'] });
  assert.deepEqual(stage.tried, ['127.0.0.1:24 x@a.example', 'relay.example:587 x@d.example']);
});

const gone: readonly [name: string, address: string | null, receipt: string][] = [
  ['turned to 127.0.0.1', '127.0.0.1', 'refuse loopback'],
  ['turned to 0.0.0.0', '0.0.0.0', 'refuse unspecified'],
  ['ceased to exist', null, 'refuse no-such-domain'],
];
for (const [name, address, receipt] of gone)
  test(`a domain that ${name} after acceptance is not connected to, and the sender is told`, async () => {
    await using stage = createStage({ dns: { 'there.example': address } });
    await stage.send({ proof: spfProof });
    assert.deepEqual(stage.tried, ['sender.example nicholas@sender.example']);
    assert.deepEqual(receipts(stage), [receipt]);
    assert.match(stage.shipments[0]?.text ?? '', /The reason: /);
  });

test('while DNS does not answer, mail waits; nobody is connected to', async () => {
  const dns: Record<string, string | null> = { 'there.example': 'fails' };
  await using stage = createStage({ dns });
  await stage.send({});
  const [message] = await stage.all();
  assert.deepEqual(
    [message?.recipients[0]?.state, message?.recipients[0]?.reason, stage.tried],
    ['waiting', 'dns-failure', []],
  );
  delete dns['there.example'];
  await stage.pass(6 * minute);
  assert.deepEqual(stage.tried, ['there.example ann@there.example']);
});

const ownRoutes = [
  ['a backend', { hosted: { 'there.example': 'smtp:127.0.0.1:2525' } }],
  ['a backend with a name', { hosted: { 'there.example': 'lmtp:back.example:2525' } }],
  ['the smarthost', { smarthost: 'back.example:2525' }],
] as const;
for (const [name, options] of ownRoutes)
  test(`${name} that is our own listener is a loop: never connected to`, async () => {
    await using stage = createStage({
      ...options,
      dns: { 'back.example': '127.0.0.1' },
      ownListener: '127.0.0.1:2525',
    });
    await stage.send({ proof: spfProof });
    assert.deepEqual(
      stage.tried.filter((line) => line.includes('2525')),
      [],
    );
    assert.ok(receipts(stage).includes('refuse connects-to-us'), receipts(stage).join());
  });

test('a backend on another port of ours is allowed', async () => {
  await using stage = createStage({
    hosted: { 'there.example': 'smtp:127.0.0.1:2526' },
    ownListener: '127.0.0.1:2525',
  });
  await stage.send({});
  assert.deepEqual(stage.tried, ['127.0.0.1:2526 ann@there.example']);
});

test('a backend whose name cannot be looked up defers, and is looked up again', async () => {
  const dns: Record<string, string | null> = { 'back.example': null };
  await using stage = createStage({ hosted: { 'there.example': 'smtp:back.example:25' }, dns });
  await stage.send({});
  await stage.send({});
  assert.equal((await stage.all()).length, 2);
  dns['back.example'] = '9.9.9.9';
  await stage.pass(6 * minute);
  assert.deepEqual(await stage.all(), []);
});

test('a domain that is no domain fails for good', async () => {
  await using stage = createStage();
  await stage.send({ to: ['ann@not..a.domain'], proof: spfProof });
  assert.deepEqual(stage.tried, ['sender.example nicholas@sender.example']);
});

test('an address literal is judged like a domain', async () => {
  await using stage = createStage({ dns: { '[127.0.0.1]': '127.0.0.1' } });
  await stage.send({ to: ['ann@[127.0.0.1]', 'bob@[9.9.9.9]'] });
  assert.deepEqual(stage.tried, ['[9.9.9.9] bob@[9.9.9.9]']);
});

test('the log has a line for each recipient and attempt, escape sequences made harmless', async () => {
  await using stage = createStage({
    hops: {
      '*': () => ({ ...taken, reply: { code: 250, status: '2.0.0', text: 'Ok \u001b[2J' } }),
    },
  });
  await stage.send({ to: ['a@there.example', 'b@there.example'] });
  const lines = stage.log.filter(({ message }) => message === 'relayed');
  assert.deepEqual(
    lines.map(({ details }) => [details['to'], details['hop'], details['peer'], details['reply']]),
    [
      [
        'a@there.example',
        'mx:there.example',
        'there.example (192.0.2.25)',
        '250 2.0.0 Ok \\x1b[2J',
      ],
      [
        'b@there.example',
        'mx:there.example',
        'there.example (192.0.2.25)',
        '250 2.0.0 Ok \\x1b[2J',
      ],
    ],
  );
});
