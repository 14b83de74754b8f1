/**
 * The incident with Spillway beside Exim 4.96: every recipient is accepted, so that Exim owes a notice
 * for each message of the flood. Without the guard they freeze; with it none does.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openExim } from './exim.ts';
import { startGuard } from './guard.ts';
import { askGuard } from './guarded-exim.ts';
import { floodSize, openIncident, play, toBackend, wantedSize } from './incident.ts';
import { projectInside } from './machine.ts';
import { openNetwork } from './network.ts';
import type { Peer } from './peer.ts';
import { run } from './place.ts';
import { startProgram } from './process.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();
const discarded = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;

async function frozen({ machine }: Peer): Promise<number> {
  const text = await run(machine.place, ['exim4', '-bp']);
  return text.split('*** frozen ***').length - 1;
}

test('Exim: without the guard the notices freeze; with it they are ended, those from before as well', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using incident = await openIncident(network);
  await using exim = await openExim({ network, relay: toBackend });
  const { machine } = exim;
  await exim.start();
  const before = await play(incident);
  assert.equal(before.spam.accepted, floodSize);
  assert.ok(await until(async () => (await frozen(exim)) === floodSize, 60_000));
  await exim.stop();

  await askGuard(machine, 'open');
  await using guard = await startGuard(machine, { sender: 'off' });
  await run(machine.place, ['exim4', '-qff'], { timeout: 120_000 });
  assert.equal(await exim.queued(), 0);
  t.diagnostic(`${floodSize} frozen notices were ended by exim4 -qff`);
  await guard.stop();
  assert.equal(countReceipts(await guard.journal(), discarded), floodSize);
});

test('Exim with the guard: no notice freezes, each has its receipt, real mail and real notices arrive', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using incident = await openIncident(network);
  await using exim = await openExim({ network, relay: toBackend });
  await askGuard(exim.machine, 'open');
  await using guard = await startGuard(exim.machine, { sender: 'off' });
  await exim.start();
  const report = await play(incident);
  assert.ok(await until(async () => (await exim.queued()) === 0, 60_000));
  assert.equal(report.spam.accepted, floodSize);
  assert.equal(report.wanted.delivered, wantedSize);
  assert.equal(report.misaddressed.noticed, 5);
  assert.equal(await exim.machine.selfConnections(), 0);
  await guard.stop();
  assert.equal(countReceipts(await guard.journal(), discarded), floodSize);
});

test('Exim with the refusal at MAIL: the flood does not even enter', { skip }, async () => {
  await using network = await openNetwork();
  await using incident = await openIncident(network);
  await using exim = await openExim({ network, relay: toBackend });
  await askGuard(exim.machine, 'closed');
  await using guard = await startGuard(exim.machine);
  await exim.start();
  const report = await play(incident);
  assert.equal(report.spam.refused.mail, floodSize);
  assert.equal(report.wanted.delivered, wantedSize);
  await guard.stop();
  const refused = { check: 'sender', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), refused), floodSize);
});

/** Somebody in the place of the guard who says this, or nothing, and closes. */
const impostor = (said: string | null) => `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {}).resume();
  ${said === null ? '' : `socket.end(${JSON.stringify(said)});`}
}).listen(9995, '127.0.0.1', () => console.log('ready'));`;

const impostors: readonly [name: string, code: string | null][] = [
  ['stopped', null],
  ['slow', impostor(null)],
  ['answering rubbish', impostor('refuse all of it {${\n')],
];
for (const [name, code] of impostors)
  test(`Exim with a guard that is ${name}: open takes the mail, closed lets it come again`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    for (const [mode, said, waits] of [
      ['open', /^250 OK\r?\n250 Accepted/m, false],
      ['closed', /^451 4\.3\.2 Mail is not checked at the moment/m, true],
    ] as const) {
      await using exim = await openExim({ network, relay: toBackend });
      const { place } = exim.machine;
      await askGuard(exim.machine, mode);
      const node = `${projectInside}/bin/with-node`;
      await using stack = new AsyncDisposableStack();
      if (code !== null) stack.use(await startProgram(place, [node, '-e', code], /ready/));
      const input = [
        'EHLO client.example',
        'MAIL FROM:<ann@good-1.example>',
        'RCPT TO:<info@bakery.example>',
        'QUIT',
        '',
      ].join('\r\n');
      assert.match(await run(place, ['exim4', '-bh', '127.0.0.1'], { input }), said);
      const routed = await run(place, ['exim4', '-bt', 'ann@mail.invalid'], { accept: [0, 1, 2] });
      if (waits) assert.match(routed, /451 4\.3\.2 Mail is not checked at the moment/);
      else assert.doesNotMatch(routed, /Mail is not checked/);
    }
  });
