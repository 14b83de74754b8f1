/**
 * `spillway rescue` beside a drowned OpenSMTPD that works on: killed in the middle, run again, undone.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { wanted } from './drowned.ts';
import { incidentRecords } from './incident.ts';
import { projectInside } from './machine.ts';
import {
  assertCleanLog,
  type Drowned,
  filesIn,
  lost,
  openDrowned,
  settled,
  showQueue,
  spool,
} from './opensmtpd-queue.ts';
import { whyNot } from './requirements.ts';
import { openRescueDns } from './rescue-dns.ts';
import { until } from './until.ts';

const skip = await whyNot();
const spillway = `${projectInside}/bin/spillway`;
const notices = 300;
const waiting = 20;

test('The rescue beside OpenSMTPD under load: killed, run again, undone', { skip }, async (t) => {
  await using drowned = await openDrowned();
  const { world, shell, peer, network } = drowned;
  await using _dns = await openRescueDns(network, peer.machine);
  const many = <T>(count: number, make: (i: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  await world.call(
    'send',
    many(notices, (i) => lost('nicholas@seaton.biz', i)),
  );
  await world.call(
    'send',
    many(5, (i) => lost('real@good-1.example', i)),
  );
  await world.call(
    'send',
    many(waiting, (i) => wanted('ann@good-1.example', `waits ${i}`)),
  );
  await settled(drowned, notices + waiting + 5);
  const before = await showQueue(drowned);
  const lostIds = before.filter(({ dest }) => dest.endsWith('seaton.biz')).map(({ id }) => id);
  const wantedIds = before.filter(({ dest }) => !dest.endsWith('seaton.biz')).map(({ id }) => id);

  const found: Found = JSON.parse(await shell(`${spillway} rescue --json`));
  assert.equal(found.mta, 'opensmtpd');
  assert.equal(found.queue, spool);
  assert.equal(found.entries, before.length);
  assert.deepEqual(found.unreadable, []);
  const purged = found.causes.filter(({ proposal }) => proposal === 'purge');
  assert.deepEqual(
    purged.map(({ ids }) => ids.toSorted()),
    [lostIds],
  );
  assert.deepEqual(
    found.causes.flatMap(({ ids }) => ids).toSorted(),
    before.map(({ id }) => id),
  );

  await world.call('startStream', ['info@bakery.example', 'zoe@good-2.example']);
  await shell(`
setsid sh -c 'echo $$ > /tmp/rescue.pid; exec ${spillway} rescue --apply --json' > /tmp/rescue.out 2>&1 < /dev/null &
until [ -s /tmp/rescue.pid ]; do sleep 0.01; done
pid=$(cat /tmp/rescue.pid)
while [ "$(grep -c 'Removed by administrator' /var/log/mail.log)" -lt 20 ] && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid || true`);
  const left = async () => (await showQueue(drowned)).filter(isLost);
  t.diagnostic(`killed when ${(await left()).length} of ${notices} were left`);
  const isDone = await until(async () => {
    await shell(`${spillway} rescue --apply --json > /tmp/rescue.out 2>&1 || true`);
    return (await left()).length === 0;
  });
  const sent = await world.call('stopStream');
  t.diagnostic(`${sent} messages were sent meanwhile`);
  assert.ok(isDone, await shell('tail -c 2000 /tmp/rescue.out'));
  await settled(drowned, wantedIds.length);
  assert.deepEqual(await waitingIds(drowned), wantedIds);
  assert.deepEqual(await pausedIds(drowned), []);

  for (const receipt of await receiptsOf(drowned)) await shell(`${spillway} undo ${receipt}`);
  await settled(drowned, before.length);
  assert.deepEqual(
    await waitingIds(drowned),
    before.map(({ id }) => id),
  );
  assert.deepEqual(await pausedIds(drowned), []);

  // Wanted mail that was removed comes back, and is delivered.
  await shell(
    `${spillway} rescue --where 'sender=customer@*' --purge --apply > /tmp/rescue.out 2>&1`,
  );
  assert.equal((await showQueue(drowned)).length, before.length - waiting);
  const last = (await receiptsOf(drowned)).at(-1);
  await shell(`${spillway} undo ${last}; ${spillway} undo ${last}`);
  assert.deepEqual(
    await waitingIds(drowned),
    before.map(({ id }) => id),
  );
  await world.call('setRecords', { ...incidentRecords, 'seaton.biz': { trick: 'servfail' } });
  const good = (await showQueue(drowned)).filter((one) => !isLost(one) && one.retries > 0);
  await shell(good.map(({ id }) => `smtpctl schedule ${id} > /dev/null\n`).join(''));
  const expected = [...many(waiting, (i) => `waits ${i}`), ...many(sent, (i) => `stream ${i}`)];
  const arrived = async () =>
    (await world.call('arrived')).filter((subject) => !subject.startsWith('Delivery status'));
  await until(async () => (await arrived()).length >= expected.length);
  assert.deepEqual((await arrived()).toSorted(), expected.toSorted());
  assert.ok(await until(async () => (await showQueue(drowned)).length === notices));
  assert.equal((await filesIn(drowned)).length, 2 * notices);
  await assertCleanLog(drowned);
});

interface Found {
  readonly mta: string;
  readonly queue: string;
  readonly entries: number;
  readonly unreadable: readonly unknown[];
  readonly causes: readonly { readonly proposal: string; readonly ids: readonly string[] }[];
}

function isLost({ dest }: { readonly dest: string }): boolean {
  return dest.endsWith('@seaton.biz');
}

async function waitingIds(drowned: Drowned): Promise<string[]> {
  return (await showQueue(drowned)).map(({ id }) => id);
}

async function pausedIds(drowned: Drowned): Promise<string[]> {
  const shown = await showQueue(drowned);
  return shown.filter(({ flags }) => flags.includes('suspend')).map(({ id }) => id);
}

async function receiptsOf({ shell }: Drowned): Promise<string[]> {
  const text = await shell(`${spillway} undo --json`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).receipt);
}
