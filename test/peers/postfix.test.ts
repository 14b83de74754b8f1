/**
 * That Postfix runs in its machine as the tests expect it.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { floodSize, incidentSizes, openIncident, play, toBackend, wantedSize } from './incident.ts';
import { openNetwork } from './network.ts';
import { openPostfix } from './postfix.ts';
import { whyNot } from './requirements.ts';

const skip = await whyNot();

test('Postfix drops its notices to a black hole by itself, and bounces none of them to itself', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using postfix = await openPostfix({ network, relay: toBackend });
  await postfix.start();
  await using incident = await openIncident(network, {
    sizes: { ...incidentSizes, messages: Math.min(floodSize, 50), misaddressed: 0 },
  });
  const isOver = async () => (await postfix.queue()).length === 0;
  const report = await play(incident, { isOver });
  assert.equal(report.spam.accepted, report.spam.planned);
  assert.equal(report.wanted.delivered, wantedSize);
  assert.ok(await isOver());
  const log = await postfix.machine.log();
  assert.equal(log.filter((line) => /loops back to myself/.test(line)).length, report.spam.planned);
  assert.equal(await postfix.machine.selfConnections(), 0);
  await postfix.stop();
});
