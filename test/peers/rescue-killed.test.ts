/**
 * The rescue of real servers' queues, killed at one step after another: run again it comes to the same
 * end, and after undo the queue holds what it held before.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Mta, QueueEntry } from '../../src/foreign/queue-entry.ts';
import { openReader } from '../../src/rescue/open-reader.ts';
import type { QueueSource } from '../../src/rescue/reader.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startActor } from './actor.ts';
import {
  lost,
  openDrowned as openSendmail,
  settled as settledSendmail,
  wanted,
} from './drowned.ts';
import { openExim } from './exim.ts';
import { changeOptions, letter, records, spool } from './exim-queue.ts';
import { openDns } from './incident.ts';
import type { Machine } from './machine.ts';
import { addresses, openNetwork } from './network.ts';
import { openDrowned as openOpensmtpd, settled as settledOpensmtpd } from './opensmtpd-queue.ts';
import { here, run, start } from './place.ts';
import { worriesOf } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { openRescueScene, ownName } from './rescue-postfix-scene.ts';
import { actionFor, type Order } from './rescue-until-killed.ts';
import { until } from './until.ts';

const skip = await whyNot();
const script = fileURLToPath(new URL('./rescue-until-killed.ts', import.meta.url));
const notices = 15;
const numbers = Array.from({ length: notices }, (_, number) => number);

test('Postfix', { skip }, async () => {
  await using scene = await openRescueScene();
  for (const number of numbers)
    await scene.send('<nicholas@seaton.biz>', [`<invented-${number}@${ownName}>`], 'spam');
  for (const name of ['stray', 'ann', 'bob'])
    await scene.send('<customer@sender.example>', [`<${name}@good-1.example>`], name);
  await scene.deferred(notices + 3);
  const { machine } = scene.postfix;
  const { source } = await scene.find();
  await checkKilled('postfix', machine, source);
  await run(machine.place, ['postqueue', '-f']);
  assert.deepEqual(await worriesOf(machine), []);
  await scene.postfix.stop();
});

test('Exim', { skip }, async () => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, {
    ...records,
    'good-1.example': { trick: 'servfail' },
  });
  await using letters = await startActor<typeof import('./actors/letters.ts')>(
    network.world,
    new URL('./actors/letters.ts', import.meta.url),
    { extensions: [] },
  );
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  await changeOptions(machine, { message_logs: 'true' });
  await exim.start();
  const flood = numbers.map(
    (number) =>
      `MAIL FROM:<nicholas@seaton.biz>\nRCPT TO:<invented-${number}@nowhere.invalid>\nDATA\nSubject: spam\n\nspam\n.\n`,
  );
  await run(machine.place, ['exim4', '-odf', '-oi', '-bS'], { input: flood.join('') });
  for (const name of ['stray', 'ann', 'bob'])
    await letters.call(
      'send',
      letter('<customer@sender.example>', [`<${name}@good-1.example>`], name),
    );
  const source: QueueSource = { mta: 'exim', folders: [machine.path(spool)] };
  assert.ok(await until(async () => (await exim.queued()) === notices + 3));
  await run(machine.place, ['exim4', '-qf']);
  await checkKilled('exim', machine, source);
  await exim.stop();
});

test('sendmail', { skip }, async () => {
  await using drowned = await openSendmail();
  await drowned.world.call('send', [
    ...numbers.map((number) => lost('nicholas@seaton.biz', number)),
    ...['stray', 'ann', 'bob'].map((name) => wanted(`${name}@good-1.example`, name)),
  ]);
  await settledSendmail(drowned, notices + 3);
  const { machine } = drowned.sendmail;
  await checkKilled('sendmail', machine, {
    mta: 'sendmail',
    folders: [machine.path('/var/spool/mqueue')],
  });
  await drowned.sendmail.stop();
});

test('OpenSMTPD', { skip }, async () => {
  await using drowned = await openOpensmtpd();
  await drowned.world.call('send', [
    ...numbers.map((number) => lost('nicholas@seaton.biz', number)),
    ...['stray', 'ann', 'bob'].map((name) => wanted(`${name}@good-1.example`, name)),
  ]);
  await settledOpensmtpd(drowned, notices + 3);
  const { peer, server } = drowned;
  await checkKilled('opensmtpd', peer.machine, server.source);
  await peer.stop();
});

async function checkKilled(mta: Mta, { place, path }: Machine, source: QueueSource): Promise<void> {
  using data = temporaryFolder();
  const before = readQueue(source);
  const files = filesOf(source);
  assert.equal(before.filter((entry) => actionFor(entry) === 'purge').length, notices);
  const folder = join(path('/'));
  const order = {
    mta,
    place,
    folder: folder === '/' ? folder : folder.replace(/\/$/, ''),
    data: data.path,
  };
  // Each run goes on where the one before it died.
  let killed = 0;
  for (const dieAt of [3, 4, 5, 8, 14, 17, 18, 19, 23])
    if (await obey({ ...order, command: 'rescue', dieAt })) killed++;
  assert.ok(killed >= 6, `${killed} runs were killed`);
  assert.equal(await obey({ ...order, command: 'rescue', dieAt: 0 }), null);
  const left = readQueue(source);
  assert.deepEqual(
    left.map(textOf),
    before.filter((entry) => actionFor(entry) !== 'purge').map(textOf),
  );
  // What OpenSMTPD holds is in its memory alone.
  if (mta !== 'opensmtpd')
    for (const entry of left)
      assert.equal(entry.state === 'held', actionFor(entry) === 'hold', textOf(entry));

  for (const dieAt of [2, 4, 5, 7, 9]) await obey({ ...order, command: 'undo', dieAt });
  assert.equal(await obey({ ...order, command: 'undo', dieAt: 0 }), null);
  assert.deepEqual(readQueue(source).map(textOf), before.map(textOf));
  // Postfix gives new names, and OpenSMTPD may.
  if (mta === 'exim' || mta === 'sendmail') assert.deepEqual(filesOf(source), files);
  assert.deepEqual(
    readQueue(source).filter(({ state }) => state === 'held').length,
    before.filter(({ state }) => state === 'held').length,
  );
}

/** Resolves to the signal that ended it. */
async function obey(order: Order): Promise<string | null> {
  const child = start(here, [process.execPath, script, JSON.stringify(order)], { stdio: 'pipe' });
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  const [status, signal] = await once(child, 'close');
  assert.ok(status === 0 || signal === 'SIGKILL', `${JSON.stringify(order)}: ${text}`);
  return signal;
}

function readQueue(source: QueueSource): QueueEntry[] {
  const reader = openReader(source);
  return Array.from(reader.list())
    .map((listed) => {
      const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
      return read.kind === 'entry' && 'entry' in read
        ? read.entry
        : assert.fail(JSON.stringify(read));
    })
    .toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/** Names of what makes messages, whole or half done. */
function filesOf({ folders }: QueueSource): string[] {
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    .filter((path) => /(?:^|\/)[qdht]f|input\/.*-|spillway/.test(path))
    .toSorted();
}

function textOf({ arrivedAt, reversePath, recipients }: QueueEntry): string {
  const paths = recipients.map(({ forwardPath }) => forwardPath).join(' ');
  return `${paths} from ${reversePath} at ${arrivedAt}`;
}
