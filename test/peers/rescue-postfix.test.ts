/**
 * The rescue beside a real Postfix: what it reads is what Postfix says, what it removes is gone without a
 * trace, what it puts back is delivered.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { QueueEntry } from '../../src/foreign/queue-entry.ts';
import type { NextHop } from '../../src/mail/envelope.ts';
import type { ArchivedEntry } from '../../src/rescue/mail-server.ts';
import { openReader } from '../../src/rescue/open-reader.ts';
import type { EntryPlace, QueueReader } from '../../src/rescue/reader.ts';
import { archived } from './archived.ts';
import { run } from './place.ts';
import { worriesOf } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { openRescueScene, ownName, type RescueScene, type Row } from './rescue-postfix-scene.ts';
import { until } from './until.ts';

const skip = await whyNot();

const everywhere = 'incoming, active, deferred, hold, bounce, defer, trace';
const kinds: readonly [name: string, settings: Readonly<Record<string, string>>][] = [
  ['short ids', {}],
  ['long ids', { enable_long_queue_ids: 'yes' }],
  ['folders in folders', { hash_queue_names: everywhere, hash_queue_depth: '2' }],
  [
    'long ids and folders in folders',
    { enable_long_queue_ids: 'yes', hash_queue_names: everywhere, hash_queue_depth: '3' },
  ],
];

for (const [name, settings] of kinds)
  test(`what is read of a queue with ${name} is what postqueue -j says`, { skip }, async () => {
    await using scene = await openRescueScene(settings);
    await fill(scene);
    const server = await scene.find();
    const reader = openReader(server.source);
    const entries = readAll(reader);
    const rows = await scene.rows();
    assert.deepEqual(entries.map(rowOf).toSorted(byId), rows.map(plain).toSorted(byId));

    const of = (sender: string, recipient: string) =>
      entries.find(
        ({ reversePath, recipients }) =>
          reversePath === sender && recipients.some(({ forwardPath }) => forwardPath === recipient),
      );
    assert.equal(of('', 'nicholas@seaton.biz')?.notice, 'own');
    assert.equal(of('', 'nicholas@seaton.biz')?.client, null);
    assert.equal(of('', 'ann@good-1.example')?.notice, 'own');
    assert.equal(of('', 'foreign@good-1.example')?.notice, 'foreign');
    assert.equal(of('', 'program@good-1.example')?.notice, 'foreign');
    assert.equal(of('', 'foreign@good-1.example')?.client?.helo, 'sender.example');
    const partly = of('jörg@bücher.example', 'zoë@good-1.example');
    assert.deepEqual(
      partly?.recipients.map(({ forwardPath, isDone }) => [forwardPath, isDone]),
      [
        ['zoë@good-1.example', false],
        ['done@good-2.example', true],
      ],
    );
    assert.match(partly?.complaint ?? '', /Connection refused/);
    assert.equal(of('ann@sender.example', 'held@good-1.example')?.state, 'held');
    for (const { id } of entries) {
      const place = reader.find(id);
      assert.ok(place && reader.read(place).kind === 'entry', id);
    }
    await scene.postfix.stop();
  });

test('under load the notices go, and whatever is wanted arrives', { skip }, async () => {
  await using scene = await openRescueScene({ minimal_backoff_time: '5s', queue_run_delay: '5s' });
  const { machine } = scene.postfix;
  const notices = 150;
  const wanted = 20;
  await sendMany(scene, notices, (n) => ['<nicholas@seaton.biz>', `<invented-${n}@${ownName}>`]);
  await sendMany(scene, wanted, (n) => ['<ann@sender.example>', `<wanted-${n}@good-1.example>`]);
  await until(async () => (await scene.rows()).length === notices + wanted);

  const server = await scene.find();
  assert.equal(await server.isRunning(), true);
  const { hand } = server;
  assert(hand);
  const reader = openReader(server.source);
  // Meanwhile mail goes in and out all the time.
  let isEnough = false;
  const load = (async () => {
    let sent = 0;
    for (; !isEnough; sent++)
      await scene.send('<ann@sender.example>', [`<load-${sent}@good-2.example>`], `load ${sent}`);
    return sent;
  })();
  let removed = 0;
  const drained = await until(async () => {
    for (const batch of batches(
      placesOf(reader, ({ notice }) => notice === 'own'),
      40,
    )) {
      await using seizure = await hand.seize(batch);
      for (const missed of seizure.missed.values()) assert.match(`${missed}`, /^(gone|busy)$/);
      const same = [...seizure.seized].filter(([, { place }]) => {
        const read = reader.read(place);
        return read.kind === 'entry' && read.entry.reversePath === '';
      });
      const outcomes = await seizure.remove(same.map(([id]) => id));
      for (const outcome of outcomes.values()) assert.equal(outcome, 'removed');
      removed += outcomes.size;
    }
    // Wanted mail that is let go is none the worse for it.
    await using seizure = await hand.seize(placesOf(reader, ({ notice }) => notice === null));
    assert.deepEqual([...(await seizure.remove([])).keys()], []);
    return removed === notices;
  });
  assert.ok(drained, `${removed} of ${notices} removed`);
  isEnough = true;
  const sent = await load;
  assert.ok(sent > 20, `${sent}`);
  await scene.repair();
  await run(machine.place, ['postqueue', '-f']);
  await until(async () => (await scene.postfix.queued()) === 0);
  const taken = await scene.letters.call('taken');
  const arrived = taken.flatMap(({ rcpt }) => rcpt).toSorted();
  const expected = [
    ...Array.from({ length: wanted }, (_, n) => `<wanted-${n}@good-1.example>`),
    ...Array.from({ length: sent }, (_, n) => `<load-${n}@good-2.example>`),
  ].toSorted();
  assert.deepEqual(arrived, expected);
  assert.deepEqual(await orphans(scene), []);
  assert.deepEqual(await worriesOf(machine), []);
  await scene.postfix.stop();
});

test('what filters changed is read as Postfix reads it', { skip }, async () => {
  await using scene = await openRescueScene();
  const rcpt = ['<kept@good-1.example>', '<deleted@good-1.example>'];
  for (const bodyLines of [1, 4000]) {
    await using _milter = await scene.edit(bodyLines);
    await scene.send('<ann@sender.example>', rcpt, 'before');
    await scene.send('<>', rcpt, 'before');
  }
  await scene.deferred(4);
  const reader = openReader((await scene.find()).source);
  const entries = readAll(reader);
  assert.deepEqual(
    entries.map(rowOf).toSorted(byId),
    (await scene.rows()).map(plain).toSorted(byId),
  );
  for (const { reversePath, recipients } of entries) {
    assert.equal(reversePath, 'changed@sender.example');
    assert.deepEqual(recipients.map(({ forwardPath }) => forwardPath).toSorted(), [
      'added@good-1.example',
      'kept@good-1.example',
    ]);
  }
  await scene.postfix.stop();
});

test('what is being delivered is busy while Postfix runs, and free when it does not', {
  skip,
}, async () => {
  await using scene = await openRescueScene();
  const { machine } = scene.postfix;
  await scene.send('<ann@sender.example>', ['<waits@good-1.example>'], 'waits');
  await scene.deferred(1);
  const [waits] = (await scene.rows()).map(({ queue_id }) => queue_id);
  assert(waits);
  // Nobody answers for this domain, so that the delivery lasts as long as Postfix waits for DNS.
  await scene.send('<ann@sender.example>', ['<bob@silent.example>'], 'busy');
  const active = async () =>
    (await scene.rows()).find(({ queue_name }) => queue_name === 'active')?.queue_id;
  assert.ok(await until(async () => (await active()) !== undefined));
  const busy = (await active()) ?? '';
  const server = await scene.find();
  const { hand } = server;
  assert(hand);
  const reader = openReader(server.source);
  {
    await using seizure = await hand.seize([...placesOf(reader, () => true), nobody]);
    assert.deepEqual([...seizure.seized.keys()], [waits]);
    assert.deepEqual(Object.fromEntries(seizure.missed), { [busy]: 'busy', [nobody.id]: 'gone' });
    assert.deepEqual(Object.fromEntries(await seizure.remove([nobody.id, busy])), {
      [nobody.id]: 'gone',
      [busy]: 'gone',
    });
  }
  assert.ok(reader.find(waits)?.path.includes('/deferred/'));
  assert.equal(
    (
      await hand.hold(
        placesOf(reader, ({ id }) => id === waits),
        'x',
      )
    ).get(waits),
    'held',
  );
  assert.ok(reader.find(waits)?.path.includes('/hold/'));
  assert.deepEqual(Object.fromEntries(await hand.release([waits, nobody.id])), {
    [waits]: 'released',
    [nobody.id]: 'gone',
  });
  assert.deepEqual(await worriesOf(machine), []);

  const hops = await server.nextHops(hopTable.map(([address]) => address));
  assert.deepEqual(
    hopTable.map(([address]) => shown(hops.get(address))),
    hopTable.map(([, hop]) => hop),
  );
  assert.equal(await server.isRunning(), true);
  await run(machine.place, ['postfix', 'abort']);
  assert.ok(await until(async () => !(await server.isRunning())));
  assert.deepEqual(await server.nextHops(hopTable.map(([address]) => address)), hops);
  assert.equal(await run(machine.place, ['sh', '-c', 'ls /tmp']), '');
  {
    await using seizure = await hand.seize(placesOf(reader, () => true));
    assert.deepEqual([...seizure.missed], []);
    const ids = [...seizure.seized.keys()];
    assert.deepEqual(ids.toSorted(), [waits, busy].toSorted());
    assert.deepEqual([...(await seizure.remove(ids)).values()], ['removed', 'removed']);
  }
  assert.deepEqual(await orphans(scene), []);
  assert.equal(await scene.postfix.queued(), 0);
});

const nobody: EntryPlace = { id: 'ABCDEF012', path: '/var/spool/postfix/deferred/A/ABCDEF012' };

/** Address, and `transport host` where Postfix would send it. */
const hopTable: readonly [address: string, hop: string | null][] = [
  ['nicholas@seaton.biz', 'smtp seaton.biz'],
  ['Nicholas@SEATON.biz', 'smtp SEATON.biz'],
  ['nicholas%seaton.biz@mx.host.example', 'smtp seaton.biz'],
  ['ann@good-1.example', 'smtp [192.0.2.30]'],
  ['root@mx.host.example', 'local mx.host.example'],
  ['bob@localhost', 'local mx.host.example'],
  ['jörg@bücher.example', 'smtp bücher.example'],
  ['"two words"@good-2.example', 'smtp good-2.example'],
  ['root', 'local mx.host.example'],
  ["$(touch /tmp/x)';`touch /tmp/x`@good-2.example", 'smtp good-2.example'],
  ['|touch /tmp/x', 'local mx.host.example'],
  ['%s%n\\0@good-2.example', 'smtp good-2.example'],
  ['-S@good-2.example', null],
  ['ann@good-2.example\nbob@good-1.example', null],
  ['ann@good-2.example\0address\0bob@good-1.example', null],
  ['ann@..', null],
  ['', null],
  [`${'x'.repeat(5000)}@good-2.example`, null],
];

function shown(hop: NextHop | undefined): string | null {
  return hop ? `${hop.mailer} ${hop.host}` : null;
}

test('each of several instances has a hand of its own', { skip }, async () => {
  await using scene = await openRescueScene();
  const { place } = scene.postfix.machine;
  const shell = (script: string) => run(place, ['sh', '-ec', script]);
  await scene.send('<ann@sender.example>', ['<first@good-1.example>'], 'first');
  await shell(`
postmulti -e init
postmulti -I postfix-b -G mta -e create
postconf -c /etc/postfix-b -e master_service_disable=inet authorized_submit_users=static:anyone \\
  defer_transports=smtp compatibility_level=3.6 inet_protocols=ipv4 alias_maps= alias_database=
postmulti -i postfix-b -e enable
postmulti -i postfix-b -p start > /dev/null 2>&1
printf 'Subject: second\\n\\nwords\\n' | sendmail -C /etc/postfix-b -f ann@sender.example second@good-1.example`);
  const second = 'second@good-1.example';
  const servers = await scene.findAll();
  assert.deepEqual(
    servers.map(({ queue }) => queue),
    ['/var/spool/postfix', '/var/spool/postfix-b'],
  );
  assert.match(servers[1]?.title ?? '', /^Postfix \d\S+ \(postfix-b\)$/);
  const [first, other] = servers;
  assert(first?.hand && other?.hand);
  const reader = openReader(other.source);
  const waits = () => placesOf(reader, ({ state }) => state === 'waiting');
  assert.ok(await until(async () => waits().length === 1));
  assert.deepEqual(
    readAll(reader)[0]?.recipients.map(({ forwardPath }) => forwardPath),
    [second],
  );
  assert.equal(await other.isRunning(), true);
  const wrong = await first.hand.hold(waits(), 'not its own');
  assert.deepEqual([...wrong.values()], ['gone']);
  {
    await using seizure = await other.hand.seize(waits());
    assert.deepEqual([...(await seizure.remove([...seizure.seized.keys()])).values()], ['removed']);
  }
  assert.deepEqual(readAll(reader), []);
  await shell('postmulti -p stop > /dev/null 2>&1');
  assert.equal(await other.isRunning(), false);
});

for (const [name, settings] of kinds)
  test(`what is put back is delivered, with ${name}`, { skip }, async () => {
    await using scene = await openRescueScene(settings);
    await fill(scene);
    const { hand, source } = await scene.find();
    assert(hand);
    const reader = openReader(source);
    const before = readAll(reader);
    const archive: ArchivedEntry[] = [];
    {
      await using seizure = await hand.seize(placesOf(reader, () => true));
      assert.deepEqual([...seizure.missed], []);
      assert.equal(seizure.seized.size, 8);
      for (const [id, { place, wasHeld }] of seizure.seized)
        archive.push(await archived(id, wasHeld, reader.filesOf(place)));
      const outcomes = await seizure.remove(archive.map(({ id }) => id));
      assert.deepEqual(new Set(outcomes.values()), new Set(['removed']));
    }
    assert.deepEqual(await scene.rows(), []);
    assert.deepEqual(await orphans(scene), []);

    const restored = await hand.restore(archive);
    const newIds = [...restored.values()].map((one) => (one.kind === 'restored' ? one.id : one));
    assert.equal(new Set(newIds).size, 8);
    const apart = (entry: QueueEntry) => ({ ...rowOf(entry), id: '' });
    const after = readAll(reader);
    assert.deepEqual(after.map(apart).toSorted(byRest), before.map(apart).toSorted(byRest));
    assert.deepEqual(
      (await scene.rows()).map(plain).toSorted(byId),
      after.map(rowOf).toSorted(byId),
    );
    // Every name fits its inode: Postfix itself has nothing to mend.
    const { place } = scene.postfix.machine;
    await run(place, ['postsuper', '-s', '-S']);
    assert.deepEqual(readAll(reader).map(rowOf).toSorted(byId), after.map(rowOf).toSorted(byId));
    // A second time changes nothing.
    const again = await hand.restore(archive);
    assert.deepEqual(new Set([...again.values()].map(({ kind }) => kind)), new Set(['present']));
    assert.equal((await scene.rows()).length, 8);

    await scene.repair();
    await run(place, ['postqueue', '-f']);
    const isThrough = await until(async () => (await scene.postfix.queued()) === 2);
    assert.ok(isThrough, JSON.stringify(await scene.rows()));
    // The notice to the black hole, and what is held.
    assert.deepEqual((await scene.rows()).map(({ queue_name }) => queue_name).toSorted(), [
      'deferred',
      'hold',
    ]);
    const taken = await scene.letters.call('taken');
    assert.deepEqual(taken.flatMap(({ rcpt }) => rcpt).toSorted(), [
      '<"two words"@good-1.example>',
      '<ann@good-1.example>',
      '<done@good-2.example>',
      '<foreign@good-1.example>',
      '<hidden@good-1.example>',
      '<in-header@good-1.example>',
      '<program@good-1.example>',
      '<zoë@good-1.example>',
    ]);
    assert.deepEqual(await orphans(scene), []);
    assert.deepEqual(await worriesOf(scene.postfix.machine), []);
    await scene.postfix.stop();
  });

async function sendMany(
  scene: RescueScene,
  count: number,
  envelope: (n: number) => readonly [mail: string, rcpt: string],
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  for (const batch of batches(numbers, 10))
    await Promise.all(
      batch.map((n) => {
        const [mail, rcpt] = envelope(n);
        return scene.send(mail, [rcpt], `number ${n}`);
      }),
    );
}

function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) =>
    all.slice(n * size, (n + 1) * size),
  );
}

function placesOf(reader: QueueReader, wanted: (entry: QueueEntry) => boolean): EntryPlace[] {
  return [...reader.list()].flatMap((listed) => {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : null;
    return listed.kind === 'entry' && read?.kind === 'entry' && wanted(read.entry)
      ? [listed.place]
      : [];
  });
}

/** Logs whose message is gone, and files that no message is. */
async function orphans(scene: RescueScene): Promise<string[]> {
  const { place } = scene.postfix.machine;
  const files = async (folders: string) =>
    (
      await run(place, [
        'sh',
        '-c',
        `cd /var/spool/postfix && find ${folders} -type f -printf '%f\\n'`,
      ])
    )
      .split('\n')
      .filter((name) => name !== '');
  const messages = new Set(await files('incoming active deferred hold'));
  const logs = await files('bounce defer trace');
  return [
    ...logs.filter((name) => !messages.has(name)),
    ...[...messages].filter((name) => name.includes('.')),
  ];
}

/** Eight messages. */
async function fill(scene: RescueScene): Promise<void> {
  const { place } = scene.postfix.machine;
  await scene.send('<nicholas@seaton.biz>', [`<invented@${ownName}>`], 'spam');
  await scene.send('<ann@good-1.example>', [`<misspelt@${ownName}>`], 'question');
  await scene.send('<>', ['<foreign@good-1.example>'], 'their notice');
  await scene.send(
    '<jörg@bücher.example> SMTPUTF8',
    ['<zoë@good-1.example>', '<done@good-2.example>'],
    'grüße',
  );
  await scene.send('<ann@sender.example>', ['<"two words"@good-1.example>'], 'quoted');
  await scene.send('<ann@sender.example>', ['<held@good-1.example>'], 'held');
  await run(place, ['sendmail', '-f', '', 'program@good-1.example'], {
    input: 'Subject: from a program\n\nwords\n',
  });
  await run(place, ['sendmail', '-t', '-f', 'root@sender.example'], {
    input: 'To: in-header@good-1.example\nBcc: hidden@good-1.example\nSubject: -t\n\nwords\n',
  });
  await scene.deferred(8);
  const held = (await scene.rows()).find(({ recipients }) =>
    recipients.some(({ address }) => address === 'held@good-1.example'),
  );
  await run(place, ['postsuper', '-h', held?.queue_id ?? '']);
}

function readAll(reader: QueueReader): QueueEntry[] {
  return [...reader.list()].map((listed) => {
    assert.equal(listed.kind, 'entry', JSON.stringify(listed));
    const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
    assert.equal(read.kind, 'entry', JSON.stringify(read));
    return read.kind === 'entry' ? read.entry : assert.fail();
  });
}

interface Plain {
  readonly id: string;
  readonly state: string;
  readonly arrived: number;
  readonly size: number;
  readonly sender: string;
  readonly recipients: readonly string[];
}

function rowOf({ id, state, arrivedAt, size, reversePath, recipients }: QueueEntry): Plain {
  return {
    id,
    state,
    arrived: Math.trunc(arrivedAt / 1000),
    size,
    sender: reversePath || 'MAILER-DAEMON',
    recipients: recipients
      .filter(({ isDone }) => !isDone)
      .map(({ forwardPath, complaint }) => `${forwardPath}: ${complaint}`)
      .toSorted(),
  };
}

function plain(row: Row): Plain {
  const states: Readonly<Record<string, string>> = { hold: 'held', deferred: 'waiting' };
  return {
    id: row.queue_id,
    state: states[row.queue_name] ?? 'active',
    arrived: row.arrival_time,
    size: row.message_size,
    sender: row.sender,
    recipients: row.recipients
      .map(({ address, delay_reason }) => `${address}: ${delay_reason ?? null}`)
      .toSorted(),
  };
}

function byId(one: Plain, other: Plain): number {
  return one.id < other.id ? -1 : 1;
}

function byRest(one: Plain, other: Plain): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
