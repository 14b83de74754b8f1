/**
 * The incident without Spillway, on sendmail 8.17: what the guard is measured against.
 *
 * All of it, 2,000 messages with 5 recipients each, took on two cores, 60 s after the load:
 *
 * | | its notices | double bounces | queue | connections to itself | CPU | wanted mail p50, p99 |
 * |---|---|---|---|---|---|---|
 * | as Debian sets it up | 2,005 | 2,000 | 0 | 2,000 | 37 s | 0.18 s, 2.4 s |
 * | without the check of its own name | 2,005 | 0, so far | 2,238 | 20,233 | 210 s | 2.5 s, 12.2 s |
 * | with the guard, either of them | 2,005 | 0 | 0 | 0 | 24 s | 0.19 s, 0.25 s |
 * | with its refusal at MAIL | 5 | 0 | 0 | 0 | 1.6 s | 0.22 s, 0.37 s |
 *
 * With Debian's short queue of waiting connections the second took 27 of 100 wanted messages.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { figuresOf, floodSize, formatFigures, openIncident, play, toBackend } from './incident.ts';
import { openNetwork } from './network.ts';
import { whyNot } from './requirements.ts';
import { openSendmail } from './sendmail.ts';
import { until } from './until.ts';

const skip = await whyNot();

test('As Debian sets it up, sendmail connects to itself for every notice and bounces it to the postmaster', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using sendmail = await openSendmail({ network, relay: toBackend });
  await sendmail.start();
  await using incident = await openIncident(network);
  const report = await play(incident);
  assert.equal(report.spam.accepted, floodSize);
  assert.ok(
    await until(async () => (await sendmail.queued()) === 0),
    'its queue does not become empty',
  );
  const figures = await figuresOf(sendmail, report);
  t.diagnostic(formatFigures(figures));
  assert.equal(figures.selfConnections, floodSize);
  assert.equal(figures.doubleBounces, floodSize);
});

test('Without the check of its own name, sendmail delivers each notice to itself again and again', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using sendmail = await openSendmail({
    network,
    relay: toBackend,
    mc: { ownNameCheck: false },
  });
  await sendmail.start();
  await using incident = await openIncident(network, { timeout: 25_000 });
  const report = await play(incident);
  const rounds = async () => (await sendmail.machine.selfConnections()) / floodSize;
  await until(async () => (await rounds()) >= 3, 20_000, 1000);
  const figures = await figuresOf(sendmail, report);
  t.diagnostic(formatFigures(figures));
  assert.ok(figures.selfConnections > floodSize, 'no notice went round twice');
  assert.ok(figures.queued > 0, 'it is out of the loop');
});
