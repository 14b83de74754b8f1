/**
 * The incident with Spillway beside sendmail 8.17: the same flood as in sendmail-unguarded.test.ts, and
 * the server stays dry.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  figuresOf,
  floodSize,
  formatFigures,
  incidentSizes,
  play,
  wantedSize,
} from './incident.ts';
import { whyNot } from './requirements.ts';
import { countReceipts, openScene } from './scene.ts';

const skip = await whyNot();
const discarded = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;

for (const [shape, ownNameCheck] of [
  ['as Debian sets it up', true],
  ['without the check of its own name', false],
] as const)
  test(`sendmail ${shape}: no notice goes round, each has its receipt, real mail and real notices arrive`, {
    skip,
  }, async (t) => {
    // The flood may enter, so that sendmail writes a notice about every message of it.
    await using scene = await openScene({ mc: { ownNameCheck }, modes: { sender: 'off' } });
    const { sendmail, guard, incident } = scene;
    const isOver = async () => (await sendmail.queued()) === 0;
    const report = await play(incident, { isOver });
    assert.ok(await isOver(), `the queue is not empty\n${await sendmail.story()}`);
    const figures = await figuresOf(sendmail, report);
    t.diagnostic(formatFigures(figures));
    assert.equal(report.spam.accepted, floodSize);
    assert.equal(figures.selfConnections, 0);
    assert.equal(figures.doubleBounces, 0);
    assert.equal(report.wanted.delivered, wantedSize, await sendmail.story());
    assert.equal(report.misaddressed.noticed, incidentSizes.misaddressed);
    await guard.stop();
    assert.equal(countReceipts(await guard.journal(), discarded), floodSize);
  });

test('sendmail with the refusal at MAIL: the flood does not even enter', { skip }, async (t) => {
  await using scene = await openScene({});
  const { sendmail, guard, incident } = scene;
  const report = await play(incident);
  const figures = await figuresOf(sendmail, report);
  t.diagnostic(formatFigures(figures));
  assert.equal(report.spam.refused.mail, floodSize);
  assert.equal(figures.notices, incidentSizes.misaddressed);
  assert.equal(figures.selfConnections, 0);
  assert.equal(report.wanted.delivered, wantedSize, await sendmail.story());
  assert.equal(report.misaddressed.noticed, incidentSizes.misaddressed);
  await guard.stop();
  const refused = { check: 'sender', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), refused), floodSize);
});
