/**
 * `spillway rescue` beside a drowned Exim that works on: killed in the middle, run again, undone.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openExim } from './exim.ts';
import {
  changeOptions,
  filesInSpool,
  floodOf,
  handIn,
  healed,
  idIn,
  letter,
  openLetters,
  records,
  startLoad,
  tellQueue,
  troubleIn,
} from './exim-queue.ts';
import { openDns } from './incident.ts';
import { projectInside } from './machine.ts';
import { addresses, openNetwork, publicNetworks } from './network.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();
const spillway = `${projectInside}/bin/spillway`;
const notices = 300;
const waiting = 15;

interface Found {
  readonly mta: string;
  readonly queue: string;
  readonly entries: number;
  readonly unreadable: readonly unknown[];
  readonly causes: readonly {
    readonly kind: string;
    readonly proposal: string;
    readonly ids: readonly string[];
  }[];
}

test('The rescue beside Exim under load: killed, run again, undone', { skip }, async (t) => {
  await using network = await openNetwork();
  await using dns = await openDns(network, records);
  await using letters = await openLetters(network);
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  const { place } = machine;
  const shell = (script: string) => run(place, ['sh', '-c', script], { timeout: 120_000 });
  await changeOptions(machine, { message_logs: 'true' });
  await mkdir(machine.path('/etc/spillway'), { recursive: true });
  await writeFile(
    machine.path('/etc/spillway/spillway.toml'),
    `[verdict]
public = ${JSON.stringify(publicNetworks)}
[store]
url = "sqlite:/var/lib/spillway"
`,
  );
  await exim.start();
  const wanted: string[] = [];
  for (let i = 0; i < waiting; i++) {
    const rcpt = [`<done-${i}@good-1.example>`, `<waits-${i}@slow.example>`];
    wanted.push(idIn(await letters.call('send', letter('<ann@sender.example>', rcpt, 'wanted'))));
  }
  const frozen = wanted[0] ?? '';
  await handIn(machine, 'ann@slow.example', ['x@nowhere.invalid']);
  await run(place, ['exim4', '-odf', '-oi', '-bS'], { input: floodOf(notices) });
  const settled = async (count: number) => {
    assert.ok(await until(async () => (await exim.queued()) === count));
  };
  await settled(notices + waiting + 1);
  assert.ok(await until(async () => (await letters.call('taken')).length === waiting));
  await run(place, ['exim4', '-Mf', frozen]);
  const told = await tellQueue(machine, '-bp');
  const [lost, others] = [true, false].map((isLost) =>
    [...told].flatMap(([id, { text }]) => (text.includes('seaton.biz') === isLost ? [id] : [])),
  );
  assert.ok(lost && others);
  assert.equal(lost.length, notices);

  const found: Found = JSON.parse(await shell(`${spillway} rescue --json`));
  assert.deepEqual([found.mta, found.queue], ['exim', '/var/spool/exim4']);
  assert.equal(found.entries, told.size);
  assert.deepEqual(found.unreadable, []);
  const purged = found.causes.filter(({ proposal }) => proposal === 'purge');
  assert.deepEqual(
    purged.map(({ kind, ids }) => [kind, ids.toSorted()]),
    [['lost-notice', lost.toSorted()]],
  );
  assert.deepEqual(found.causes.flatMap(({ ids }) => ids).toSorted(), [...told.keys()].toSorted());

  const load = startLoad(letters);
  const left = async () =>
    [...(await tellQueue(machine, '-bp')).keys()].filter((id) => lost.includes(id)).length;
  await shell(`
setsid sh -c 'echo $$ > /tmp/rescue.pid; exec ${spillway} rescue --apply --json' > /tmp/rescue.out 2>&1 < /dev/null &
until [ -s /tmp/rescue.pid ]; do sleep 0.01; done
pid=$(cat /tmp/rescue.pid)
while [ "$(find /var/spool/exim4/input -name '*-D' | wc -l)" -gt ${told.size - 20} ] && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid || true`);
  t.diagnostic(`killed when ${await left()} of ${notices} were left`);
  const isDone = await until(async () => {
    await shell(`${spillway} rescue --apply --json > /tmp/rescue.out 2>&1 || true`);
    return (await left()) === 0;
  });
  assert.ok(isDone, await shell('tail -c 2000 /tmp/rescue.out'));
  t.diagnostic(`${await load.stop()} messages were sent meanwhile`);
  await settled(others.length);
  const rest = await tellQueue(machine, '-bp');
  for (const id of others) assert.equal(rest.get(id)?.text, told.get(id)?.text);
  const files = await filesInSpool(machine);
  const ids = new Set(files.map((file) => file.replace(/^.*\/|-[DHJ]$/g, '')));
  assert.deepEqual([...ids].toSorted(), others.toSorted());

  // All of it comes back as it was, and a second undo changes nothing.
  const receipts = async () =>
    (await shell(`${spillway} undo --json`))
      .split('\n')
      .filter(Boolean)
      .map((line): string => JSON.parse(line).receipt);
  for (const receipt of await receipts())
    await shell(`${spillway} undo ${receipt} && ${spillway} undo ${receipt}`);
  const back = await tellQueue(machine, '-bp');
  assert.deepEqual([...back.keys()].toSorted(), [...told.keys()].toSorted());
  for (const [id, { text }] of told) assert.equal(back.get(id)?.text, text);

  // Wanted mail that was removed comes back, and is delivered.
  await shell(`${spillway} rescue --where 'sender=ann@sender.example' --purge --apply`);
  await settled(told.size - waiting);
  await shell(`${spillway} undo ${(await receipts()).at(-1)}`);
  const again = await tellQueue(machine, '-bp');
  for (const id of wanted) assert.equal(again.get(id)?.text, told.get(id)?.text);
  await dns.call('setRecords', healed);
  await run(place, ['exim4', '-Mt', frozen]);
  await run(place, ['exim4', '-qf']);
  await settled(notices);
  const taken = (await letters.call('taken')).flatMap(({ rcpt }) => rcpt);
  for (let i = 0; i < waiting; i++)
    for (const path of [`<done-${i}@good-1.example>`, `<waits-${i}@slow.example>`])
      assert.equal(taken.filter((one) => one === path).length, 1, path);
  assert.deepEqual(await troubleIn(machine), []);
  await exim.stop();
});
