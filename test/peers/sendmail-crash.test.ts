/**
 * The guard is killed in the middle of the flood: nothing is lost, and mail goes on as the configured
 * failure mode says.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isFull } from '../is-full.ts';
import { floodSize, incidentSizes, play, wantedSize } from './incident.ts';
import { whyNot } from './requirements.ts';
import { countReceipts, openScene, type Scene } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();
const total = floodSize + wantedSize + incidentSizes.misaddressed;

/** Resolves when so many of the messages have been sent. */
async function sent({ incident }: Scene, share: number): Promise<void> {
  const isThere = async () => (await incident.people.call('done')) >= total * share;
  assert.ok(
    await until(isThere, isFull ? 300_000 : 120_000, 20),
    `fewer than ${share} of the messages were sent`,
  );
}

test('Open on failure: without the guard mail goes on as before it, and with it again it is guarded', {
  skip,
}, async () => {
  await using scene = await openScene({ onFailure: 'open', modes: { sender: 'off' } });
  const { sendmail, guard } = scene;
  const playing = play(scene.incident);
  await sent(scene, 0.25);
  assert.equal(await sendmail.machine.selfConnections(), 0);
  await guard.kill();
  await sent(scene, 0.6);
  const again = await scene.restartGuard();
  const report = await playing;
  assert.equal(report.wanted.delivered, wantedSize, await sendmail.story());
  assert.ok(await until(async () => (await sendmail.queued()) === 0), await sendmail.story());
  assert.equal(report.misaddressed.noticed, incidentSizes.misaddressed);
  assert.equal(report.spam.accepted, floodSize);
  // Every notice was dropped with a receipt, or went to the machine itself; a few may have done both,
  // where the guard died between the receipt and its answer.
  const unguarded = await sendmail.machine.selfConnections();
  assert.ok(unguarded > 0, 'the guard was not missed');
  await again.stop();
  const dropped = countReceipts(await again.journal(), { check: 'notice', action: 'discard' });
  assert.ok(dropped + unguarded >= floodSize, `${dropped} dropped, ${unguarded} unguarded`);
});

test('Closed on failure: without the guard mail waits outside and in the queue, and none goes round', {
  skip,
}, async () => {
  await using scene = await openScene({ onFailure: 'closed', modes: { sender: 'off' } });
  const { sendmail, guard } = scene;
  const playing = play(scene.incident);
  await sent(scene, 0.25);
  await guard.kill();
  await sent(scene, 0.6);
  const again = await scene.restartGuard();
  const report = await playing;
  await sendmail.runQueue();
  assert.ok(await until(async () => (await sendmail.queued()) === 0), await sendmail.story());
  assert.ok(report.spam.accepted < floodSize, 'the door stayed open');
  assert.equal(report.wanted.delivered, wantedSize, await sendmail.story());
  // Sendmail asks twice: whether the guard is there, and then what it says. In between it may die.
  const escaped = await sendmail.machine.selfConnections();
  assert.ok(escaped <= 10, `${escaped} connections to itself`);
  await again.stop();
  const dropped = countReceipts(await again.journal(), { check: 'notice', action: 'discard' });
  assert.ok(
    dropped + escaped >= report.spam.accepted,
    `${dropped} of ${report.spam.accepted} dropped, ${escaped} escaped`,
  );
});
