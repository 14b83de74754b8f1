/**
 * `spillway rescue` beside a drowned sendmail that works on: killed in the middle, run again, undone.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import {
  type Drowned,
  keepRunning,
  lost,
  openDrowned,
  readMailq,
  settled,
  wanted,
} from './drowned.ts';
import { incidentRecords } from './incident.ts';
import { projectInside } from './machine.ts';
import { addresses } from './network.ts';
import { whyNot } from './requirements.ts';
import { openRescueDns } from './rescue-dns.ts';
import { until } from './until.ts';

const skip = await whyNot();
const spillway = `${projectInside}/bin/spillway`;
const notices = 300;
const waiting = 20;

test('The rescue beside sendmail under load: killed, run again, undone', { skip }, async (t) => {
  await using drowned = await openDrowned();
  const { world, shell, sendmail, network } = drowned;
  await using _dns = await openRescueDns(network, sendmail.machine);
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
  // What an admin has quarantined before stays so.
  const [held] = (await idsOf(drowned)).filter(({ recipients }) =>
    recipients.includes('seaton.biz'),
  );
  await shell(`sendmail -Q'by the admin' -qI${held?.id}`);
  const before = await idsOf(drowned);
  const isLost = ({ recipients }: { recipients: string }) => recipients.includes('seaton.biz');
  const lostIds = before.filter(isLost).map(({ id }) => id);
  const wantedIds = before.filter((one) => !isLost(one)).map(({ id }) => id);
  assert.equal(lostIds.length, notices);

  const found = await rescue(drowned, '--json');
  assert.equal(found.mta, 'sendmail');
  assert.equal(found.queue, '/var/spool/mqueue');
  assert.equal(found.entries, before.length);
  assert.deepEqual(found.unreadable, []);
  const purged = found.causes.filter(({ proposal }) => proposal === 'purge');
  assert.deepEqual(
    purged.map(({ ids }) => ids.toSorted()),
    [lostIds.toSorted()],
  );
  assert.deepEqual(
    found.causes.flatMap(({ ids }) => ids).toSorted(),
    before.map(({ id }) => id).toSorted(),
  );
  assert.equal(purged[0]?.clients.top[0]?.text, addresses.sender.v4);

  await world.call('startStream', ['info@bakery.example', 'zoe@good-2.example']);
  const runners = keepRunning(drowned);
  const countBefore = (await filesOf(drowned, 'df')).length;
  await shell(`
setsid sh -c 'echo $$ > /tmp/rescue.pid; exec ${spillway} rescue --apply --json' > /tmp/rescue.out 2>&1 < /dev/null &
until [ -s /tmp/rescue.pid ]; do sleep 0.01; done
pid=$(cat /tmp/rescue.pid)
while [ "$(ls /var/spool/mqueue | grep -c ^df)" -gt ${countBefore - 20} ] && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid || true`);
  const left = (await idsOf(drowned)).filter(isLost).length;
  t.diagnostic(`killed when ${left} of ${notices} were left`);
  const isDone = await until(async () => {
    await shell(`${spillway} rescue --apply --json > /tmp/rescue.out 2>&1 || true`);
    return (await idsOf(drowned)).filter(isLost).length === 0;
  });
  const sent = await world.call('stopStream');
  await runners.stop();
  t.diagnostic(`${sent} messages were sent meanwhile`);
  assert.ok(isDone, await shell('tail -c 2000 /tmp/rescue.out'));
  await settled(drowned, wantedIds.length);
  assert.deepEqual(sorted(await idsOf(drowned)), wantedIds.toSorted());
  assert.deepEqual(await orphansOf(drowned), []);

  for (const receipt of await receiptsOf(drowned)) await shell(`${spillway} undo ${receipt}`);
  await settled(drowned, before.length);
  assert.deepEqual(sorted(await idsOf(drowned)), sorted(before));
  const quarantined = readMailq(await shell('mailq -v -qQ'));
  assert.deepEqual(
    quarantined.map(({ id, quarantine }) => [id, quarantine]),
    [[held?.id, 'by the admin']],
  );

  // Wanted mail that was removed comes back, and is delivered.
  await shell(
    `${spillway} rescue --where 'sender=customer@*' --purge --apply > /tmp/rescue.out 2>&1`,
  );
  assert.equal((await idsOf(drowned)).length, before.length - waiting);
  const last = (await receiptsOf(drowned)).at(-1);
  await shell(`${spillway} undo ${last}; ${spillway} undo ${last}`);
  assert.deepEqual(sorted(await idsOf(drowned)), sorted(before));
  await world.call('setRecords', { ...incidentRecords, 'seaton.biz': { trick: 'servfail' } });
  await shell('sendmail -q');
  const expected = [...many(waiting, (i) => `waits ${i}`), ...many(sent, (i) => `stream ${i}`)];
  const arrived = async () =>
    (await world.call('arrived')).filter((subject) => !subject.startsWith('Returned mail'));
  await until(async () => (await arrived()).length >= expected.length);
  assert.deepEqual((await arrived()).toSorted(), expected.toSorted());
  await settled(drowned, notices);
  assert.deepEqual(await orphansOf(drowned), []);
  const bad = /SYSERR|SECURITY|Losing|bogus|cannot|no control file|unlink|incomplete/i;
  assert.deepEqual(
    (await sendmail.machine.log()).filter((line) => bad.test(line)),
    [],
  );
});

interface Found {
  readonly mta: string;
  readonly queue: string;
  readonly entries: number;
  readonly unreadable: readonly unknown[];
  readonly causes: readonly {
    readonly proposal: string;
    readonly ids: readonly string[];
    readonly clients: { readonly top: readonly { readonly text: string }[] };
  }[];
}

async function rescue({ shell }: Drowned, options: string): Promise<Found> {
  return JSON.parse(await shell(`${spillway} rescue ${options}`));
}

async function idsOf({ shell }: Drowned): Promise<{ id: string; recipients: string }[]> {
  const shown = [...readMailq(await shell('mailq -v')), ...readMailq(await shell('mailq -v -qQ'))];
  return shown.map(({ id, recipients }) => ({
    id,
    recipients: recipients.map(({ path }) => path).join(),
  }));
}

function sorted(shown: readonly { readonly id: string }[]): string[] {
  return shown.map(({ id }) => id).toSorted();
}

async function receiptsOf({ shell }: Drowned): Promise<string[]> {
  const text = await shell(`${spillway} undo --json`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).receipt);
}

async function filesOf({ sendmail }: Drowned, start: string): Promise<string[]> {
  const names = await readdir(sendmail.machine.path('/var/spool/mqueue'));
  return names.filter((name) => name.startsWith(start)).map((name) => name.slice(2));
}

/** Whatever stands there without its control file. */
async function orphansOf(drowned: Drowned): Promise<string[]> {
  const controls = new Set([...(await filesOf(drowned, 'qf')), ...(await filesOf(drowned, 'hf'))]);
  const others = await Promise.all(
    ['df', 'xf', 'tf', 'Tf', 'Qf'].map((start) => filesOf(drowned, start)),
  );
  return others.flat().filter((id) => !controls.has(id));
}
