/**
 * The incident with Spillway beside a real Postfix, by each of its hooks, and with the guard in trouble.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { FailureMode } from '../../src/mail/failure-mode.ts';
import { startGuard } from './guard.ts';
import {
  byMilter,
  byPolicy,
  byTransport,
  countInLog,
  isEmpty,
  noticesByMilter,
  openScene,
  playOut,
  sizes,
  toSeaton,
  written,
} from './guarded-postfix.ts';
import { play } from './incident.ts';
import { projectInside } from './machine.ts';
import { run } from './place.ts';
import { startProgram } from './process.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';

const skip = await whyNot();
for (const [name, settings] of [
  ['policy service', byPolicy('open')],
  ['milter', byMilter('open')],
] as const)
  test(`Postfix asks the ${name}: the flood does not enter, wanted mail and real notices do`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings });
    const report = await playOut(scene);
    assert.equal(report.spam.accepted, 0);
    assert.equal(report.wanted.delivered, sizes.wanted);
    assert.equal(report.misaddressed.noticed, sizes.misaddressed);
    assert.ok(await isEmpty(scene));
    assert.equal(await countInLog(scene.postfix, toSeaton), 0, 'nothing is sent to the black hole');
    await scene.guard.stop();
    const refused = { check: 'sender', action: 'refuse', domain: 'seaton.biz' } as const;
    assert.equal(countReceipts(await scene.guard.journal(), refused), sizes.messages);
  });

test('Postfix asks the milter about its own notices: those to the black hole end before they are queued', {
  skip,
}, async () => {
  // The flood may enter, so that Postfix writes a notice about every message of it.
  await using scene = await openScene({
    settings: noticesByMilter('open'),
    modes: { sender: 'off' },
  });
  const report = await playOut(scene);
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(scene));
  assert.equal(await countInLog(scene.postfix, toSeaton), 0);
  await scene.guard.stop();
  const ended = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await scene.guard.journal(), ended), sizes.messages);
});

test('Postfix asks the transport map: its notices to the black hole fail without a connection', {
  skip,
}, async () => {
  await using scene = await openScene({ settings: byTransport, modes: { sender: 'off' } });
  const report = await playOut(scene);
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(scene));
  const failed = /postfix\/error.*to=<nicholas@seaton\.biz>.*dsn=5\.4\.4, status=bounced/;
  assert.equal(await countInLog(scene.postfix, failed), sizes.messages);
  assert.equal(await countInLog(scene.postfix, written), sizes.messages + sizes.misaddressed);
  await scene.guard.stop();
  const refused = { check: 'recipient', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.ok(countReceipts(await scene.guard.journal(), refused) > 0);
});

const rubbish = `
const net = require('node:net');
let open = 0;
for (const port of [9996, 9997, 9998])
  net
    .createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write('action\\0\\n\\nrubbish')))
    .listen(port, '127.0.0.1', () => ++open === 3 && console.log('ready'));
`;

for (const [name, settings] of [
  ['milter', (mode: FailureMode) => ({ ...byMilter(mode), ...noticesByMilter(mode) })],
  ['policy service', byPolicy],
] as const) {
  test(`${name}, failure mode open: a guard that is stopped or talks rubbish stops no mail`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings: settings('open') });
    await scene.guard.stop();
    const alone = await playOut(scene);
    assert.equal(alone.wanted.delivered, sizes.wanted);
    assert.equal(alone.misaddressed.noticed, sizes.misaddressed);
    const { place } = scene.postfix.machine;
    const node = `${projectInside}/bin/with-node`;
    await using liar = await startProgram(place, [node, '-e', rubbish], /ready/);
    const fooled = await playOut(scene);
    assert.equal(fooled.wanted.delivered, sizes.wanted);
    assert.ok(await isEmpty(scene));
    await liar.stop();
  });

  test(`${name}, failure mode closed: mail waits at its sender, and goes through once the guard is back`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings: settings('closed') });
    await scene.guard.stop();
    const alone = await play(scene.incident, { timeout: 10_000 });
    assert.equal(alone.wanted.delivered, 0);
    assert.equal(alone.wanted.accepted, 0);
    await using guard = await startGuard(scene.postfix.machine, {});
    const again = await playOut(scene);
    assert.equal(again.spam.accepted, 0);
    assert.equal(again.wanted.delivered, sizes.wanted);
    assert.ok(await isEmpty(scene));
    await guard.stop();
  });
}

test('notices by the milter, failure mode closed: while the guard is away they wait, and none is lost', {
  skip,
}, async () => {
  await using scene = await openScene({ settings: noticesByMilter('closed') });
  const { postfix, incident, guard } = scene;
  await guard.stop();
  const alone = await play(incident);
  assert.equal(alone.wanted.delivered, sizes.wanted);
  assert.equal(alone.misaddressed.noticed, 0);
  assert.equal(await postfix.queued(), sizes.messages + sizes.misaddressed);

  await using back = await startGuard(postfix.machine, {});
  // Backend and sink listen while it is played.
  const noticed = /to=<mistaken-\d+@good-\d+\.example>.*status=sent/;
  const isOver = async () => {
    await run(postfix.machine.place, ['postqueue', '-f']);
    return (await countInLog(postfix, noticed)) === 2 * sizes.misaddressed;
  };
  assert.equal((await play(incident, { isOver })).wanted.delivered, sizes.wanted);
  assert.ok(await isOver(), 'a notice to a real sender is missing');
  assert.ok(await isEmpty(scene));
  assert.equal(await countInLog(postfix, toSeaton), 0);
  await back.stop();
});
