/**
 * The rescue beside a real Postfix: what it reads is what Postfix says, what it removes is gone without a
 * trace, what it puts back is delivered.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { QueueEntry } from '../../src/foreign/queue-entry.ts';
import { openReader } from '../../src/rescue/open-reader.ts';
import type { QueueReader } from '../../src/rescue/reader.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { openRescueScene, ownName, type RescueScene, type Row } from './rescue-postfix-scene.ts';

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
