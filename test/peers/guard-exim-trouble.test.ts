/**
 * Exim 4.96 with a guard in trouble: away, silent, slow, talking rubbish, dying and coming back under load.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { failureModes } from '../../src/mail/failure-mode.ts';
import { countFrozen, openExim } from './exim.ts';
import { message, openWorld, toBakery } from './exim-world.ts';
import { installGuard, startGuard } from './guard.ts';
import { incidentSizes, openIncident, play, toBackend } from './incident.ts';
import { projectInside } from './machine.ts';
import { openNetwork } from './network.ts';
import { run } from './place.ts';
import { startProgram } from './process.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();
const discarded = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;

/** Somebody in the place of the guard who says this after so many ms, or nothing. */
const impostor = (said: string | null, after = 0) => `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {}).resume();
  ${said === null ? '' : `setTimeout(() => socket.end(${JSON.stringify(said)}), ${after});`}
}).listen(9995, '127.0.0.1', () => console.log('ready'));`;

const impostors: readonly [name: string, code: string | null, isAway: boolean][] = [
  ['stopped', null, true],
  ['silent', impostor(null), true],
  ['answering rubbish', impostor('refuse all of it {${\n'), true],
  ['slow, and answers within 10 s', impostor('refuse 550 5.1.8 Late\n', 7000), false],
];
for (const [name, code, isAway] of impostors)
  test(`Exim with a guard that is ${name}: ${isAway ? 'open takes the mail, closed lets it come again' : 'it is obeyed'}`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    await using exim = await openExim({ network, relay: toBackend });
    const { place } = exim.machine;
    const node = `${projectInside}/bin/with-node`;
    await using stack = new AsyncDisposableStack();
    if (code !== null) stack.use(await startProgram(place, [node, '-e', code], /ready/));
    for (const [mode, said] of [
      ['open', /^250 OK\r?\n250 Accepted/m],
      ['closed', /^451 4\.3\.2 Mail is not checked at the moment/m],
    ] as const) {
      await installGuard(exim.machine, mode, 'exim');
      const commands = ['EHLO client.example', 'MAIL FROM:<ann@good-1.example>'];
      const input = [...commands, 'RCPT TO:<info@bakery.example>', 'QUIT', ''].join('\r\n');
      const session = await run(place, ['exim4', '-bh', '127.0.0.1'], { input });
      assert.match(session, isAway ? said : /^550 5\.1\.8 Late/m);
      const routing = ['exim4', '-bt', 'ann@mail.invalid'];
      const routed = await run(place, routing, { accept: [0, 1, 2] });
      if (!isAway) assert.match(routed, /550 5\.1\.8 Late/);
      else if (mode === 'closed') assert.match(routed, /451 4\.3\.2 Mail is not checked/);
      else assert.doesNotMatch(routed, /Mail is not checked/);
    }
  });

for (const mode of failureModes)
  test(`Exim, ${mode}, with a guard that dies and comes back under load: no wanted mail is lost, no notice stays frozen`, {
    skip,
  }, async (t) => {
    await using network = await openNetwork();
    const sizes = { ...incidentSizes, messages: 100, wanted: 50 };
    await using incident = await openIncident(network, { sizes });
    await using exim = await openExim({ network, relay: toBackend });
    const { machine } = exim;
    await installGuard(machine, mode, 'exim');
    await using stack = new AsyncDisposableStack();
    const modes = { sender: 'off' } as const;
    let guard = stack.use(await startGuard(machine, modes));
    await exim.start();
    let mostFrozen = 0;
    let isBack = false;
    const isOver = async () => {
      if (!isBack) return false;
      mostFrozen = Math.max(mostFrozen, await countFrozen(exim));
      await run(machine.place, ['exim4', mode === 'open' ? '-qff' : '-qf'], { timeout: 120_000 });
      return (await exim.queued()) === 0;
    };
    const playing = play(incident, { isOver });
    const completed = async () =>
      (await machine.log()).filter((line) => line.endsWith(' Completed')).length;
    for (const some of [20, 60]) {
      assert.ok(await until(async () => (await completed()) >= some));
      await guard.kill();
      const before = await completed();
      // Mail goes on without it, or waits.
      if (mode === 'open') await until(async () => (await completed()) > before + 5, 20_000);
      guard = stack.use(await startGuard(machine, modes));
    }
    isBack = true;
    const report = await playing;
    assert.equal(report.wanted.delivered, sizes.wanted, JSON.stringify(report));
    if (mode === 'closed') assert.equal(mostFrozen, 0);
    assert.equal(await exim.queued(), 0);
    t.diagnostic(`${mostFrozen} notices were frozen for a while`);
    await guard.stop();
    assert.ok(countReceipts(await guard.journal(), discarded) > 0);
  });

for (const mode of failureModes)
  test(`Exim, ${mode}: notices that it writes while the guard is away ${mode === 'open' ? 'freeze, and are ended later' : 'wait'}`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    await using world = await openWorld(network);
    await using exim = await openExim({ network, relay: toBakery, queueOnly: true });
    const { machine } = exim;
    await installGuard(machine, mode, 'exim');
    await using first = await startGuard(machine, { sender: 'off' });
    await exim.start();
    const forged = message('nicholas@seaton.biz', 'x7@bakery.example');
    const mail = [
      ...[forged, forged, forged, message('ann@good.example', 'x8@bakery.example')],
      message('ann@good.example', 'info@bakery.example'),
    ];
    for (const reply of await world.call('send', mail)) assert.match(reply, /^250/);
    await first.stop();
    const runQueue = (how: string) => run(machine.place, ['exim4', how], { timeout: 120_000 });
    // First the mail, then the notices about it.
    await runQueue('-qf');
    await runQueue('-qf');
    assert.equal(await countFrozen(exim), mode === 'open' ? 3 : 0);
    assert.equal(await exim.queued(), mode === 'open' ? 3 : 4);

    await using back = await startGuard(machine, { sender: 'off' });
    await runQueue(mode === 'open' ? '-qff' : '-qf');
    assert.equal(await exim.queued(), 0);
    const arrived = (await world.call('delivered')).map(
      ({ at, reversePath, forwardPaths }) => `${at} <${reversePath}> ${forwardPaths}`,
    );
    assert.deepEqual(arrived.sort(), [
      'backend <ann@good.example> info@bakery.example',
      'sink <> ann@good.example',
    ]);
    await back.stop();
    assert.equal(countReceipts(await back.journal(), discarded), 3);
  });
