/**
 * The one oddity of DNS at which a sendmail without the check of its own name still goes to itself.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { incidentSizes, play } from './incident.ts';
import { whyNot } from './requirements.ts';
import { openScene } from './scene.ts';

const skip = await whyNot();
/** By itself sendmail asks senders to come later whose domain cannot be looked up. */
const unresolvable = "FEATURE(`accept_unresolvable_domains')dnl";
const sizes = { ...incidentSizes, messages: 0, wanted: 10, variants: true };

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
