/**
 * The rescue of a drowned OpenSMTPD: what is read of its queue is what it says itself, and what is taken
 * from it and put back while it works does it no harm.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openOpenSmtpdReader } from '../../src/rescue/opensmtpd/reader.ts';
import type { EntryPlace } from '../../src/rescue/reader.ts';
import { archived } from './archived.ts';
import { wanted } from './drowned.ts';
import { incidentRecords } from './incident.ts';
import {
  assertCleanLog,
  type Drowned,
  filesIn,
  lost,
  openDrowned,
  settled,
  showQueue,
  spool,
  survey,
} from './opensmtpd-queue.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();

test('What is read is what smtpctl shows', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell, server, peer } = drowned;
  assert.equal(server.title, 'OpenSMTPD 6.8.0p2');
  assert.equal(server.whyNoHand, null);
  await world.call('send', [
    lost('nicholas@seaton.biz', 1),
    lost('real@good-1.example', 2),
    wanted('ann@good-1.example', 'deferred'),
    wanted('paul@good-1.example', 'paused'),
    {
      mail: '<customer@good-2.example>',
      rcpt: ['<info@bakery.example>', '<bob@good-1.example>', '<emil@seaton.biz>'],
      content: 'Subject: several\n\nx',
    },
    {
      mail: '<dsn@good-2.example> RET=HDRS ENVID=QQ314159',
      rcpt: ["<o'neil+x@good-1.example> NOTIFY=FAILURE ORCPT=rfc822;o+2Bx@good-1.example"],
      content: 'Subject: dsn\n\n\xe4',
    },
    { mail: '<>', rcpt: ['<hans@good-1.example>'], content: 'Subject: foreign\n\nx' },
  ]);
  await shell(
    `printf 'Subject: local\n\nx\n' | sendmail -f ann@good-2.example carl@good-1.example`,
  );
  await settled(drowned, 9);
  const paused = survey(drowned).find(({ entry }) =>
    entry.recipients[0]?.forwardPath.startsWith('paul'),
  );
  await shell(`smtpctl pause envelope ${paused?.place.id}`);

  const shown = await showQueue(drowned);
  const entries = survey(drowned).map(({ entry }) => entry);
  assert.deepEqual(
    entries.map((entry) => ({
      id: entry.id,
      agent: entry.recipients[0]?.nextHop?.mailer === 'relay' ? 'mta' : '?',
      sender: entry.reversePath || '@',
      dest: entry.recipients[0]?.forwardPath,
      createdAt: entry.arrivedAt / 1000,
      lastTriedAt: (entry.lastTriedAt ?? 0) / 1000,
      retries: entry.tries,
      complaint: entry.recipients[0]?.complaint ?? '',
    })),
    shown.map(({ flags: _flags, state: _state, ...rest }) => rest),
  );
  // Where it is paused is in the server's memory alone.
  assert.deepEqual(
    shown.filter(({ flags }) => flags.includes('suspend')).map(({ id }) => id),
    [paused?.place.id],
  );
  assert.ok(entries.every(({ state }) => state === 'waiting'));

  const notices = entries.filter(({ notice }) => notice === 'own');
  assert.deepEqual(
    notices.map(({ report }) => [report?.sender, report?.recipients, report?.client]).toSorted(),
    [
      ['nicholas@seaton.biz', ['nobody@nowhere.example'], '192.0.2.20'],
      ['real@good-1.example', ['nobody@nowhere.example'], '192.0.2.20'],
    ],
  );
  assert.deepEqual(
    entries.filter(({ notice }) => notice === 'foreign').map(({ recipients }) => recipients.length),
    [1],
  );
  assert.equal(await server.isRunning(), true);
  await stop(drowned);
  assert.equal(await server.isRunning(), false);
  assert.deepEqual(
    survey(drowned).map(({ entry }) => entry),
    entries,
  );
  assert.ok(await peer.machine.log());
});

test('A notice that is yet to be written is one to the sender', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell } = drowned;
  await shell('smtpctl pause mta');
  await world.call('send', [lost('real@good-1.example', 1), lost('nicholas@seaton.biz', 2)]);
  // Notices are handed in by SMTP, which is closed.
  await shell('smtpctl pause smtp; smtpctl resume mta');
  assert.ok(
    await until(
      async () => (await showQueue(drowned)).every(({ agent }) => agent === 'bounce'),
      9000,
    ),
  );
  const shown = await showQueue(drowned);
  const entries = survey(drowned);
  assert.deepEqual(
    entries.map(({ entry }) => [
      entry.id,
      entry.recipients[0]?.forwardPath,
      entry.report?.recipients[0],
      entry.report?.reason,
      entry.arrivedAt / 1000,
    ]),
    shown.map(({ id, sender, dest, complaint, createdAt }) => [
      id,
      sender,
      dest,
      complaint,
      createdAt,
    ]),
  );
  assert.ok(entries.every(({ entry }) => entry.notice === 'own' && entry.reversePath === ''));
});

test('Where OpenSMTPD would send, by its own configuration', { skip }, async () => {
  await using drowned = await openDrowned();
  const hops = await drowned.server.nextHops([
    'info@bakery.example',
    'nicholas@seaton.biz',
    '$(touch /tmp/x)',
    'a@@b',
  ]);
  assert.deepEqual(
    [...hops].map(([address, { mailer, host }]) => [address, mailer, host]),
    [
      ['info@bakery.example', 'relay', '192.0.2.30'],
      ['nicholas@seaton.biz', 'relay', 'seaton.biz'],
    ],
  );
});

test('What is held by us is paused to OpenSMTPD, and ends as it came', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell, hand } = drowned;
  await world.call('send', [
    wanted('ann@good-1.example', 'one'),
    wanted('bob@good-1.example', 'two'),
  ]);
  await settled(drowned, 2);
  const [one, two] = survey(drowned).map(({ place }) => place);
  assert.ok(one && two);
  const files = () => shell(`cd ${spool}/queue; find . -type f | sort | xargs -n1 sha256sum`);
  const was = await files();
  const suspended = async () =>
    (await showQueue(drowned)).filter(({ flags }) => flags.includes('suspend')).map(({ id }) => id);

  assert.deepEqual([...(await hand.hold([one], 'why'))], [[one.id, 'held']]);
  assert.deepEqual(await suspended(), [one.id]);
  assert.deepEqual([...(await hand.hold([one], 'again'))], [[one.id, 'held']]);
  {
    await using seizure = await hand.seize([one, two]);
    assert.deepEqual(
      [...seizure.seized.values()].map(({ place, wasHeld }) => [place.id, wasHeld]),
      [
        [one.id, true],
        [two.id, false],
      ],
    );
    assert.deepEqual(await suspended(), [one.id, two.id]);
  }
  assert.deepEqual(await suspended(), [one.id]);
  assert.deepEqual(
    [...(await hand.release([one.id, two.id, '0011223344556677'])).values()],
    ['released', 'released', 'gone'],
  );
  assert.deepEqual(await suspended(), []);
  assert.equal(await files(), was);
  await deliverAll(drowned);
  assert.ok(await until(async () => (await world.call('arrived')).length === 2));
  assert.deepEqual((await world.call('arrived')).toSorted(), ['one', 'two']);
  await using gone = await hand.seize([one, two]);
  assert.deepEqual([...gone.missed.values()], ['gone', 'gone']);
  await assertCleanLog(drowned);
});

test('What was paused comes back paused, and nothing of it is sent', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell, hand } = drowned;
  await world.call('send', [
    wanted('ann@good-1.example', 'paused'),
    wanted('bob@good-1.example', 'waits'),
  ]);
  await settled(drowned, 2);
  const paused = survey(drowned).find(({ entry }) =>
    entry.recipients[0]?.forwardPath.startsWith('ann'),
  );
  assert.ok(paused);
  await shell(`smtpctl pause envelope ${paused.place.id}`);
  const kept = await drain(
    drowned,
    survey(drowned).map(({ place }) => place),
  );
  await world.call('setRecords', incidentRecords);
  const back = await hand.restore(kept);
  assert.deepEqual(new Set([...back.values()].map(({ kind }) => kind)), new Set(['restored']));
  await deliverAll(drowned);
  assert.ok(await until(async () => (await showQueue(drowned)).length === 1));
  const [left] = await showQueue(drowned);
  assert.deepEqual([left?.id, left?.flags], [paused.place.id, 'suspend']);
  assert.deepEqual(await world.call('arrived'), ['waits']);
  assert.match(await shell('smtpctl show status'), /MDA running\nMTA running/);
  await hand.release([paused.place.id]);
  await shell(`smtpctl schedule ${paused.place.id}`);
  await arrive(drowned, ['paused', 'waits']);
  await assertCleanLog(drowned);
});

test('A queue is drained under load: nothing wanted is lost, and what comes back is delivered', {
  skip,
}, async (t) => {
  const notices = 300;
  const waiting = 30;
  await using drowned = await openDrowned();
  const { world, hand, peer } = drowned;
  await world.call(
    'send',
    Array.from({ length: notices }, (_, i) => lost('nicholas@seaton.biz', i)),
  );
  await world.call(
    'send',
    Array.from({ length: waiting }, (_, i) => wanted('ann@good-1.example', `waits ${i}`)),
  );
  // One message, two recipients: one of them is taken away, and comes back to the other.
  const twins = { ...wanted('', 'twins'), rcpt: ['<ann@good-1.example>', '<bob@good-1.example>'] };
  await world.call('send', [twins]);
  await settled(drowned, notices + waiting + 2);
  const surveyed = survey(drowned);
  const lostOnes = surveyed.filter(({ entry }) => entry.notice === 'own').map(({ place }) => place);
  assert.equal(lostOnes.length, notices);
  const mail = surveyed.filter(({ entry }) => entry.notice === null);
  const comingBack = [
    ...mail.filter(({ entry }) => entry.recipients[0]?.forwardPath.startsWith('bob')),
    ...mail
      .filter(({ place }) => mail.filter((one) => sameMessage(one.place, place)).length === 1)
      .slice(0, 10),
  ].map(({ place }) => place);

  await world.call('startStream', ['info@bakery.example', 'zoe@good-2.example']);
  const started = performance.now();
  const kept = await drain(drowned, [...lostOnes, ...comingBack]);
  t.diagnostic(
    `${kept.length} removed in ${((performance.now() - started) / 1000).toFixed(1)} s under load`,
  );
  assert.equal(kept.length, notices + comingBack.length);
  const sent = await world.call('stopStream');
  t.diagnostic(`${sent} messages were sent meanwhile`);

  const back = await hand.restore(
    kept.filter(({ id }) => comingBack.some((place) => place.id === id)),
  );
  assert.equal(back.size, comingBack.length);
  assert.ok(
    [...back.values()].every(({ kind }) => kind === 'restored'),
    JSON.stringify([...back]),
  );
  const again = await hand.restore(
    kept.filter(({ id }) => comingBack.some((place) => place.id === id)),
  );
  assert.deepEqual(new Set([...again.values()].map(({ kind }) => kind)), new Set(['present']));
  await deliverAll(drowned);
  const expected = [
    ...Array.from({ length: sent }, (_, i) => `stream ${i}`),
    ...Array.from({ length: waiting }, (_, i) => `waits ${i}`),
    'twins',
    'twins',
  ];
  await arrive(drowned, expected);
  assert.ok(
    await until(async () => (await filesIn(drowned)).length === 0),
    JSON.stringify([await filesIn(drowned), (await peer.machine.log()).slice(-20)]),
  );
  await assertCleanLog(drowned);
});

test('A stopped OpenSMTPD finds its queue as it was left to it', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, hand, peer } = drowned;
  const several = ['ann', 'bob', 'carl'].map((name) => `<${name}@good-1.example>`);
  await world.call('send', [
    { ...wanted('', 'three'), rcpt: several },
    wanted('ann@good-1.example', 'one'),
    lost('nicholas@seaton.biz', 1),
  ]);
  await settled(drowned, 5);
  await stop(drowned);
  const before = (await filesIn(drowned)).toSorted();
  const places = survey(drowned).map(({ place }) => place);
  const kept = await drain(drowned, places);
  assert.equal(kept.length, 5);
  assert.deepEqual(await filesIn(drowned), []);
  assert.deepEqual(new Set((await hand.hold(places, 'why')).values()), new Set(['gone']));

  const back = await hand.restore(kept.slice(0, 2));
  assert.deepEqual(new Set([...back.values()].map(({ kind }) => kind)), new Set(['restored']));
  await hand.restore(kept);
  const after = (await filesIn(drowned)).toSorted();
  assert.equal(
    after.filter((name) => name !== 'message').length,
    before.filter((name) => name !== 'message').length,
  );
  await peer.start();
  assert.ok(await until(async () => (await showQueue(drowned)).length === 5));
  await deliverAll(drowned);
  // Two recipients in one folder go in one transaction.
  assert.ok(await until(async () => (await showQueue(drowned)).length === 1));
  const arrived = new Set(await world.call('arrived'));
  assert.deepEqual(arrived, new Set(['one', 'three']));
  await assertCleanLog(drowned);
});

/** Removes them in batches, with what is needed to put them back. */
async function drain({ server, hand }: Drowned, places: readonly EntryPlace[]) {
  const reader = openOpenSmtpdReader(server.source.folders);
  const kept: Awaited<ReturnType<typeof archived>>[] = [];
  let left = places;
  const isDone = await until(async () => {
    const next: EntryPlace[] = [];
    for (let i = 0; i < left.length; i += 100) {
      await using seizure = await hand.seize(left.slice(i, i + 100));
      for (const [id, { place, wasHeld }] of seizure.seized)
        kept.push(await archived(id, wasHeld, reader.filesOf(place)));
      for (const [id, what] of await seizure.remove([...seizure.seized.keys()]))
        assert.equal(what, 'removed', id);
      for (const [id, what] of seizure.missed) {
        assert.equal(what, 'busy', id);
        next.push(...left.filter((place) => place.id === id));
      }
    }
    left = next;
    return left.length === 0;
  });
  assert.ok(isDone, `${left.length} are busy`);
  return kept;
}

function sameMessage(a: EntryPlace, b: EntryPlace): boolean {
  return a.id.slice(0, 8) === b.id.slice(0, 8);
}

/** Each once, and nothing else. */
async function arrive(drowned: Drowned, subjects: readonly string[]): Promise<void> {
  const { world, peer } = drowned;
  const arrived = () => world.call('arrived');
  const isSo = await until(async () => (await arrived()).length >= subjects.length);
  const story = async () =>
    JSON.stringify([await showQueue(drowned), (await peer.machine.log()).slice(-20)], null, 1);
  assert.ok(isSo, isSo ? '' : await story());
  assert.deepEqual((await arrived()).toSorted(), subjects.toSorted());
}

/** DNS answers again, but for the black hole; what was put off is tried at once. */
async function deliverAll(drowned: Drowned): Promise<void> {
  await drowned.world.call('setRecords', {
    ...incidentRecords,
    'seaton.biz': { trick: 'servfail' },
  });
  const waiting = (await showQueue(drowned)).filter(
    ({ retries, flags }) => retries > 0 && !flags.includes('suspend'),
  );
  await drowned.shell(waiting.map(({ id }) => `smtpctl schedule ${id} > /dev/null\n`).join(''));
}

async function stop({ peer, server }: Drowned): Promise<void> {
  await peer.stop();
  assert.ok(await until(async () => !(await server.isRunning())));
}
