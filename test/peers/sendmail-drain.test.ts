/**
 * A queue that drowned before the guard came: the guard is put in, and `sendmail -q` does the rest.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { installGuard, startGuard } from './guard.ts';
import {
  incidentRecords,
  incidentSizes,
  openDns,
  openPeople,
  play,
  toBackend,
} from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { openSendmail } from './sendmail.ts';
import { until } from './until.ts';

const skip = await whyNot();
const notices = 260;
const wanted = 40;

test('A queue of 260 notices to a black hole and 40 wanted messages keeps the 40 alone', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  // Nobody can be delivered to yet, so that everything stays in the queue.
  await using dns = await openDns(network, {
    ...incidentRecords,
    'seaton.biz': { trick: 'servfail' },
  });
  await using sendmail = await openSendmail({
    network,
    relay: toBackend,
    mc: { ownNameCheck: false, features: ["FEATURE(`accept_unresolvable_domains')dnl"] },
  });
  await sendmail.start();
  const nothing = { ...incidentSizes, messages: 0, wanted: 0, misaddressed: 0 };
  await using flood = await openPeople(network, { sizes: { ...nothing, messages: notices } });
  await play({ people: flood });
  await using customers = await openPeople(network, {
    sizes: { ...nothing, wanted },
    backend: { host: addresses.dns.v4, port: 2525 },
    timeout: 4000,
  });
  await play({ people: customers });
  assert.ok(await until(async () => (await sendmail.queued()) === notices + wanted));
  await sendmail.stop();
  await dns.call('setRecords', incidentRecords);

  await installGuard(sendmail.machine);
  await using guard = await startGuard(sendmail.machine);
  const started = performance.now();
  await sendmail.runQueue();
  const isDrained = await until(async () => (await sendmail.queued()) === wanted);
  t.diagnostic(`drained in ${((performance.now() - started) / 1000).toFixed(1)} s`);

  assert.ok(isDrained, [await sendmail.story(), ...guard.lines.slice(-10)].join('\n'));
  const mailq = await sendmail.mailq();
  assert.equal(mailq.match(/<customer-\d+@good-\d\.example>/g)?.length, wanted);
  assert.doesNotMatch(mailq, /nicholas/);
  assert.equal(await sendmail.machine.selfConnections(), 0);
  await guard.stop();
  const dropped = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), dropped), notices);
});
