/**
 * The incident with Spillway beside Exim 4.96: every recipient is accepted, so that Exim owes a notice
 * for each message of the flood. Without the guard they freeze; with it none does.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { countFrozen, openExim } from './exim.ts';
import { installGuard, startGuard } from './guard.ts';
import { floodSize, openIncident, play, toBackend, wantedSize } from './incident.ts';
import { openNetwork } from './network.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';

const skip = await whyNot();
/** ms: backend and sink must still be there for what Exim delivers last, however busy the machine is. */
const patient = { settle: 15_000, timeout: 200_000 };
const discarded = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;

test('Exim: without the guard the notices freeze; with it they are ended, those from before as well', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using incident = await openIncident(network, patient);
  await using exim = await openExim({ network, relay: toBackend });
  const { machine } = exim;
  await exim.start();
  const isOver = async () => (await countFrozen(exim)) === floodSize;
  const before = await play(incident, { isOver });
  assert.equal(before.spam.accepted, floodSize);
  assert.ok(await isOver());
  await exim.stop();

  await installGuard(machine, 'open', 'exim');
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
  await using incident = await openIncident(network, patient);
  await using exim = await openExim({ network, relay: toBackend });
  await installGuard(exim.machine, 'open', 'exim');
  await using guard = await startGuard(exim.machine, { sender: 'off' });
  await exim.start();
  const isOver = async () => (await exim.queued()) === 0;
  const report = await play(incident, { isOver });
  assert.ok(await isOver());
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
  await installGuard(exim.machine, 'closed', 'exim');
  await using guard = await startGuard(exim.machine);
  await exim.start();
  const report = await play(incident);
  assert.equal(report.spam.refused.mail, floodSize);
  assert.equal(report.wanted.delivered, wantedSize);
  await guard.stop();
  const refused = { check: 'sender', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), refused), floodSize);
});
