/**
 * The oddities of DNS on a real sendmail with the guard beside it: each ends as docs/verdicts.md says.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { variants } from '../../src/replay/incident-zone.ts';
import type { Reason } from '../../src/verdict/reasons.ts';
import { incidentSizes, play } from './incident.ts';
import { whyNot } from './requirements.ts';
import { countReceipts, openScene } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();
/** By itself sendmail asks senders to come later whose domain cannot be looked up. */
const unresolvable = "FEATURE(`accept_unresolvable_domains')dnl";
/** Sendmail tries the bad host of `mixed` first, finds its own name in the greeting, and takes the good one. */
const ownTries = 1;
const sizes = { ...incidentSizes, messages: 0, wanted: 10, variants: true };

/** What becomes of a notice to the variant, and what its sender hears at MAIL if that check is on. */
const cases: readonly [
  variant: string,
  notice: 'dropped' | 'delivered' | 'waits',
  reason: Reason,
  atMail: RegExp,
][] = [
  ['loopback6', 'dropped', 'loopback', /refused at mail: 550 5\.1\.8/],
  ['mapped', 'dropped', 'loopback', /refused at mail: 550 5\.1\.8/],
  ['unspecified', 'dropped', 'unspecified', /refused at mail: 550 5\.1\.8/],
  ['own-address', 'dropped', 'self', /refused at mail: 550 5\.1\.8/],
  ['localhost', 'dropped', 'localhost', /refused at mail: 550 5\.1\.8/],
  ['nullmx', 'dropped', 'null-mx', /refused at mail: 550 5\.7\.27/],
  ['implicit', 'dropped', 'loopback', /refused at mail: 550 5\.1\.8/],
  ['mixed', 'delivered', 'mixed-mx', /^accepted$/],
  ['servfail', 'waits', 'dns-failure', /at mail: 451 4\.4\.3/],
];

test('Every variant of the replay is expected here', () => {
  assert.deepEqual(
    cases.map(([name]) => name),
    variants.map(({ name }) => name),
  );
});

test('A notice to an oddity of DNS is dropped, delivered or waits, as the table says', {
  skip,
}, async (t) => {
  await using scene = await openScene({
    modes: { sender: 'off' },
    replay: { sizes },
    mc: { features: [unresolvable] },
  });
  const { sendmail, guard, incident } = scene;
  const report = await play(incident);
  const waiting = cases.filter(([, notice]) => notice === 'waits').length;
  assert.ok(
    await until(async () => (await sendmail.queued()) === waiting, 10_000),
    await sendmail.story(),
  );
  await guard.stop();
  const receipts = await guard.journal();
  for (const [name, notice, reason] of cases)
    await t.test(`${name}: ${notice}`, () => {
      const domain = `${name}.odd.example`;
      const dropped = countReceipts(receipts, {
        check: 'notice',
        action: 'discard',
        domain,
        reason,
      });
      const fate = report.variants.find((variant) => variant.name === name);
      assert.equal(fate?.door, 'accepted');
      assert.equal(dropped, notice === 'dropped' ? 1 : 0);
      assert.equal(fate?.noticed, notice === 'delivered');
    });
  assert.equal(await sendmail.machine.selfConnections(), ownTries);
});

test('A sender at an oddity of DNS is refused, taken or asked to wait at MAIL, as the table says', {
  skip,
}, async (t) => {
  // The sender that is to come again later does so until the end.
  await using scene = await openScene({ replay: { sizes, timeout: 10_000 } });
  const report = await play(scene.incident);
  for (const [name, , , atMail] of cases)
    await t.test(name, () =>
      assert.match(report.variants.find((variant) => variant.name === name)?.door ?? '', atMail),
    );
  assert.equal(await scene.sendmail.machine.selfConnections(), ownTries);
});

test('Without the check of its own name, a notice to a domain of good and bad hosts ends as a loop', {
  skip,
}, async () => {
  await using scene = await openScene({
    modes: { sender: 'off' },
    replay: { sizes },
    mc: { ownNameCheck: false, features: [unresolvable] },
  });
  const { sendmail, guard, incident } = scene;
  await play(incident);
  await guard.stop();
  const loops = (await guard.journal()).filter(({ check }) => check === 'loop');
  assert.deepEqual(
    loops.map(({ forwardPath, reason }) => `${forwardPath} ${reason}`),
    ['visitor@mixed.odd.example from-ourselves'],
  );
  // Once with the notice, which it takes for mail, and once more, when the guard says no.
  assert.equal(await sendmail.machine.selfConnections(), 2);
});
