/**
 * `spillway rescue` beside a drowned Postfix that works on: killed in the middle, run again, undone.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { projectInside } from './machine.ts';
import { publicNetworks } from './network.ts';
import { run } from './place.ts';
import { worriesOf } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { openRescueScene, ownName, type RescueScene, type Row } from './rescue-postfix-scene.ts';
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

for (const [name, settings] of [
  ['short ids', {}],
  [
    'long ids in folders',
    { enable_long_queue_ids: 'yes', hash_queue_names: 'deferred, defer, hold' },
  ],
] as const)
  test(`The rescue beside Postfix under load, ${name}: killed, run again, undone`, {
    skip,
  }, async (t) => {
    await using scene = await openRescueScene(settings);
    const { machine } = scene.postfix;
    const { place } = machine;
    const shell = (script: string) => run(place, ['sh', '-c', script], { timeout: 120_000 });
    await mkdir(machine.path('/etc/spillway'), { recursive: true });
    await writeFile(
      machine.path('/etc/spillway/spillway.toml'),
      `[verdict]
public = ${JSON.stringify(publicNetworks)}
[store]
url = "sqlite:/var/lib/spillway"
`,
    );
    for (let at = 0; at < notices; at += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          scene.send('<nicholas@seaton.biz>', [`<invented-${at + n}@${ownName}>`], 'spam'),
        ),
      );
    await scene.send('<ann@good-1.example>', [`<misspelt@${ownName}>`], 'question');
    for (let n = 0; n < waiting; n++)
      await scene.send(
        '<ann@sender.example>',
        [`<done-${n}@good-2.example>`, `<waits-${n}@good-1.example>`],
        'wanted',
      );
    await scene.deferred(notices + waiting + 1);
    const told = new Map((await scene.rows()).map((row) => [row.queue_id, row]));
    const isLost = (row: Row) => row.recipients[0]?.address === 'nicholas@seaton.biz';
    const lost = [...told.values()].filter(isLost).map(({ queue_id }) => queue_id);
    const held = [...told.values()].find(({ sender }) => sender === 'ann@sender.example')?.queue_id;
    assert.equal(lost.length, notices);
    await run(place, ['postsuper', '-h', held ?? '']);

    const found: Found = JSON.parse(await shell(`${spillway} rescue --json`));
    assert.deepEqual([found.mta, found.queue], ['postfix', '/var/spool/postfix']);
    assert.equal(found.entries, told.size);
    assert.deepEqual(found.unreadable, []);
    const purged = found.causes.filter(({ proposal }) => proposal === 'purge');
    assert.deepEqual(
      purged.map(({ kind, ids }) => [kind, ids.toSorted()]),
      [['lost-notice', lost.toSorted()]],
    );
    assert.deepEqual(
      found.causes.flatMap(({ ids }) => ids).toSorted(),
      [...told.keys()].toSorted(),
    );

    const before = (await scene.rows()).map(apart).toSorted();
    const load = startLoad(scene);
    const left = async () => (await scene.rows()).filter(isLost).length;
    // Once when the first are seized, once when the first are removed.
    for (const folders of ['deferred', 'deferred hold']) {
      await shell(`
rm -f /tmp/rescue.pid
setsid sh -c 'echo $$ > /tmp/rescue.pid; exec ${spillway} rescue --apply --json' > /tmp/rescue.out 2>&1 < /dev/null &
until [ -s /tmp/rescue.pid ]; do sleep 0.01; done
pid=$(cat /tmp/rescue.pid)
cd /var/spool/postfix
while [ "$(find ${folders} -type f | wc -l)" -gt ${told.size - 20} ] && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid || true`);
      t.diagnostic(`killed when ${await left()} of ${notices} were left`);
    }
    const isDone = await until(async () => {
      await shell(`${spillway} rescue --apply --json > /tmp/rescue.out 2>&1 || true`);
      return (await left()) === 0;
    });
    assert.ok(isDone, await shell('tail -c 2000 /tmp/rescue.out'));
    t.diagnostic(`${await load.stop()} messages were sent meanwhile`);
    assert.ok(await until(async () => (await scene.postfix.queued()) === waiting + 1));
    const isWanted = (row: string) => !row.includes('nicholas@seaton.biz');
    assert.deepEqual((await scene.rows()).map(apart).toSorted(), before.filter(isWanted));
    assert.deepEqual(await leftovers(scene), []);

    // All of it comes back as it was, and a second undo changes nothing.
    const receipts = async () =>
      (await shell(`${spillway} undo --json`))
        .split('\n')
        .filter(Boolean)
        .map((line): string => JSON.parse(line).receipt);
    for (const receipt of await receipts())
      await shell(`${spillway} undo ${receipt} && ${spillway} undo ${receipt}`);
    assert.deepEqual((await scene.rows()).map(apart).toSorted(), before);

    // Wanted mail that was removed comes back, and is delivered.
    await shell(`${spillway} rescue --where 'sender=ann@sender.example' --purge --apply`);
    assert.equal((await scene.rows()).length, told.size - waiting);
    await shell(`${spillway} undo ${(await receipts()).at(-1)}`);
    assert.deepEqual((await scene.rows()).map(apart).toSorted(), before);
    await scene.repair();
    await run(place, ['postsuper', '-H', 'ALL']);
    await run(place, ['postqueue', '-f']);
    assert.ok(await until(async () => (await scene.postfix.queued()) === notices));
    const taken = (await scene.letters.call('taken')).flatMap(({ rcpt }) => rcpt);
    for (let n = 0; n < waiting; n++)
      for (const path of [`<done-${n}@good-2.example>`, `<waits-${n}@good-1.example>`])
        assert.equal(taken.filter((one) => one === path).length, 1, path);
    assert.deepEqual(await leftovers(scene), []);
    assert.deepEqual(await worriesOf(machine), []);
    await scene.postfix.stop();
  });

/** Without the name, which is another one after an undo. */
function apart(row: Row): string {
  return JSON.stringify({ ...row, queue_id: '' });
}

/** Sends wanted mail without a pause, one after the other. */
function startLoad(scene: RescueScene): { stop(): Promise<number> } {
  let isEnough = false;
  const sending = (async () => {
    let sent = 0;
    for (; !isEnough; sent++)
      await scene.send('<ann@sender.example>', [`<load-${sent}@good-2.example>`], 'load');
    return sent;
  })();
  return {
    async stop() {
      isEnough = true;
      return await sending;
    },
  };
}

/** Logs whose message is gone, and files that were never finished. */
async function leftovers(scene: RescueScene): Promise<string[]> {
  const script = `
cd /var/spool/postfix
find bounce defer trace -type f | while read -r log; do
  id=\${log##*/}
  [ -n "$(find incoming active deferred hold -name "$id")" ] || echo "$log"
done
find incoming active deferred hold -name '*.*'`;
  const text = await run(scene.postfix.machine.place, ['sh', '-c', script]);
  return text.split('\n').filter((line) => line !== '');
}
