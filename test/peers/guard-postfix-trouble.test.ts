/**
 * The guard in trouble beside a real Postfix: slow by 5 s, and started again and again under load. No
 * mail is lost, and what happens is what the failure mode says.
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
  type PostfixScene,
  playOut,
  sizes,
} from './guarded-postfix.ts';
import { play } from './incident.ts';
import { projectInside } from './machine.ts';
import { run } from './place.ts';
import type { Postfix } from './postfix.ts';
import { startProgram } from './process.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();

type Settings = Readonly<Record<string, string>>;
const milters = (mode: FailureMode): Settings => ({ ...byMilter(mode), ...noticesByMilter(mode) });

/** Stands at the guard's doors, and lets no word of a connection's first answer through for 5 s. */
const slowDoors = `
const net = require('node:net');
let open = 0;
for (const port of [9996, 9997, 9998])
  net.createServer((asker) => {
    const guard = net.connect(port + 10000, '127.0.0.1');
    asker.on('error', () => {}).on('close', () => guard.destroy()).pipe(guard);
    guard.on('error', () => {}).on('close', () => asker.destroy()).pause();
    setTimeout(() => guard.pipe(asker), 5000);
  }).listen(port, '127.0.0.1', () => ++open === 3 && console.log('ready'));
`;
const otherDoors = `
[guard]
milter = ["127.0.0.1:19998"]
socketmap = ["127.0.0.1:19997"]
policy = ["127.0.0.1:19996"]
`;

/** As `spillway install` writes it: 10 s for the guard, where these tests are less patient. */
function patient(settings: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value.replaceAll('=3s', '=10s')]),
  );
}

async function openSlowScene(settings: Settings): Promise<PostfixScene> {
  await using stack = new AsyncDisposableStack();
  const scene = stack.use(await openScene({ settings, more: otherDoors }));
  const node = `${projectInside}/bin/with-node`;
  stack.use(await startProgram(scene.postfix.machine.place, [node, '-e', slowDoors], /ready/));
  const kept = stack.move();
  return { ...scene, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const judged: readonly [name: string, settings: Settings][] = [
  ['milters', patient(milters('open'))],
  ['a policy service', patient(byPolicy('open'))],
  ['a transport map beside the policy service', { ...patient(byPolicy('closed')), ...byTransport }],
];
for (const [name, settings] of judged)
  test(`${name}, slow by 5 s, less than Postfix waits: all is judged, only later`, {
    skip,
  }, async () => {
    await using scene = await openSlowScene(settings);
    const report = await playOut(scene);
    assert.equal(report.spam.accepted, 0);
    assert.equal(report.wanted.delivered, sizes.wanted);
    assert.equal(report.misaddressed.accepted, sizes.misaddressed);
    assert.ok(await isEmpty(scene));
  });

const doors: readonly [name: string, settings: (mode: FailureMode) => Settings][] = [
  ['milters', milters],
  ['a policy service', byPolicy],
];
for (const [name, settings] of doors) {
  test(`${name}, slow by 5 s, more than Postfix waits, failure mode open: all mail goes on`, {
    skip,
  }, async () => {
    await using scene = await openSlowScene(settings('open'));
    const report = await playOut(scene);
    assert.equal(report.wanted.delivered, sizes.wanted);
    assert.equal(report.misaddressed.accepted, sizes.misaddressed);
    assert.ok(await isEmpty(scene));
  });

  test(`${name}, slow by 5 s, more than Postfix waits, failure mode closed: all mail is deferred at the door`, {
    skip,
  }, async () => {
    await using scene = await openSlowScene(settings('closed'));
    const report = await play(scene.incident, { timeout: 20_000 });
    assert.equal(report.wanted.accepted, 0);
    assert.equal(report.spam.accepted, 0);
    const { rcpt = 0, mail = 0, data = 0 } = report.wanted.refused;
    assert.equal(rcpt + mail + data, 0, 'nothing is refused for good');
    assert.equal(await scene.postfix.queued(), 0);
  });
}

const mostRestarts = 3;

/** Plays while the guard is stopped and started, until Postfix has nothing left; at its end the guard runs. */
async function playUnderRestarts(scene: PostfixScene, modes: Parameters<typeof startGuard>[1]) {
  const { postfix, incident } = scene;
  let { guard } = scene;
  let restarts = 0;
  const isOver = async () => restarts === mostRestarts && (await isFlushed(postfix));
  const playing = play(incident, { isOver });
  for (; restarts < mostRestarts; restarts++) {
    await guard.stop();
    guard = await startGuard(postfix.machine, modes);
  }
  return { report: await playing, guard };
}

/** Whether nothing waits; what does is tried again. */
async function isFlushed(postfix: Postfix): Promise<boolean> {
  await run(postfix.machine.place, ['postqueue', '-f']);
  return (await postfix.queued()) === 0;
}

const restarted: readonly [name: string, settings: Settings, mode: FailureMode][] = [
  ['milters', milters('open'), 'open'],
  ['milters', milters('closed'), 'closed'],
  ['a policy service', byPolicy('open'), 'open'],
  ['a policy service', byPolicy('closed'), 'closed'],
  ['a transport map', { ...byTransport, ...byPolicy('closed') }, 'closed'],
];
for (const [name, settings, mode] of restarted)
  test(`${name}, failure mode ${mode}: the guard is started again under load, and no mail is lost`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings });
    const { report, guard } = await playUnderRestarts(scene, {});
    await using _ = guard;
    if (mode === 'open') assert.equal(report.wanted.accepted, sizes.wanted);
    else assert.equal(report.spam.accepted, 0);
    assert.equal(report.wanted.delivered, report.wanted.accepted);
    assert.ok(await isFlushed(scene.postfix), 'something stays in the queue');
  });

test('notices by the milter, failure mode closed: started again under load, and none is lost', {
  skip,
}, async () => {
  const modes = { sender: 'off' } as const;
  await using scene = await openScene({ settings: noticesByMilter('closed'), modes });
  const { postfix } = scene;
  const { report, guard } = await playUnderRestarts(scene, modes);
  await using _ = guard;
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  const noticed = /to=<mistaken-\d+@good-\d+\.example>.*status=sent/;
  assert.equal(await countInLog(postfix, noticed), sizes.misaddressed);
  assert.ok(await isFlushed(postfix));
  assert.equal(await countInLog(postfix, /to=<nicholas@seaton\.biz>.*relay=\S+:25/), 0);
});

test('a transport map that is away: what is handed in waits, and goes out once it is back', {
  skip,
}, async () => {
  await using scene = await openScene({ settings: byTransport });
  const { postfix, incident, guard } = scene;
  const { place } = postfix.machine;
  await guard.stop();
  const hand = ['sendmail', '-i', '-f', 'ann@good-1.example', 'info@bakery.example'];
  await run(place, hand, { input: 'Subject: test\n\n' });
  const waits = /to=<info@bakery\.example>.*status=deferred \(address resolver failure\)/;
  assert.ok(await until(async () => (await countInLog(postfix, waits)) > 0));
  await using back = await startGuard(postfix.machine, {});
  const report = await play(incident, { isOver: () => isFlushed(postfix) });
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.ok(await isFlushed(postfix), 'it still waits');
  await back.stop();
});
