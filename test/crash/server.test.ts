/**
 * kill -9 of the real server under load: every message answered with 250 is delivered or in the queue,
 * exactly once; every other one is absent or whole.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { startDnsServer } from '../../src/replay/dns-server.ts';
import { openQueueStore } from '../../src/store/open-queue.ts';
import { isFull } from '../is-full.ts';
import { until } from '../peers/until.ts';
import { contentOf } from '../store/queue-suite.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import {
  addresses,
  type KnownAddress,
  knownMail,
  type Round,
  sendUntilKilled,
  startServer,
} from './mail-until-killed.ts';

/** Each lane is a server of its own; two at a time, as most machines have two cores. */
const lanes = 2;
/** Of each lane. */
const kills = isFull ? 102 : 34;
const connections = 5;
/** ms in which all that waits is delivered, on a machine that has much else to do. */
const patience = 300_000;
/** Everything is looked at after every so many kills, and at the end. */
const lookEvery = 10;

function configure(folder: string, dns: string): string {
  const config = join(folder, 'spillway.toml');
  writeFileSync(
    config,
    `[dns]
servers = ["${dns}"]
[guard]
milter = []
socketmap = []
policy = []
readsocket = []
filter = []
[store]
url = "sqlite:${folder}/data"
[smtp]
listen = ["127.0.0.1:0"]
name = "mx.hosted.example"
[[domains]]
name = "hosted.example"
mailboxes = ["ann"]
[[domains]]
name = "behind.example"
mailboxes = ["carol"]
deliver = "smtp:127.0.0.1:9"
`,
  );
  return config;
}

/** The token of a message. Fails where its content is not exactly that of the token. */
function tokenOf(content: Buffer): number {
  const text = content.toString('latin1').replaceAll('\r\n', '\n');
  const token = Number(/^Subject: known (\d+)$/m.exec(text)?.[1]);
  const known = knownMail(token).content.replaceAll('\r\n', '\n');
  assert.ok(text.endsWith(known), `${token} is torn`);
  assert.equal(text.split('Subject: known').length, 2);
  return token;
}

/** What stands where, by address: tokens. Fails where one stands there twice. */
interface Found {
  readonly delivered: ReadonlySet<number>;
  readonly waiting: ReadonlyMap<KnownAddress, ReadonlySet<number>>;
}

async function look(folder: string): Promise<Found> {
  const delivered = new Set<number>();
  const maildir = join(folder, 'data/mail/hosted.example/ann/new');
  for (const name of existsSync(maildir) ? readdirSync(maildir) : []) {
    const token = tokenOf(readFileSync(join(maildir, name)));
    assert.ok(!delivered.has(token), `${token} was delivered twice`);
    delivered.add(token);
  }
  const waiting = new Map(addresses.map((address) => [address, new Set<number>()]));
  const seen = new Set<number>();
  await using store = await openQueueStore(`sqlite:${folder}/data`);
  for await (const { id, recipients } of store.list({})) {
    const token = tokenOf(await contentOf(store, id));
    assert.ok(!seen.has(token), `${token} is queued twice`);
    seen.add(token);
    for (const { forwardPath, state } of recipients)
      if (state === 'waiting')
        waiting
          .get(addresses.find((known) => known === forwardPath) ?? 'ann@hosted.example')
          ?.add(token);
  }
  return { delivered, waiting };
}

/** Every message that was answered with 250 stands somewhere for each of its recipients. */
function checkAccepted({ accepted }: Round, { delivered, waiting }: Found): void {
  for (const token of accepted)
    for (const address of knownMail(token).to) {
      const isThere =
        waiting.get(address)?.has(token) || (address === addresses[0] && delivered.has(token));
      assert.ok(isThere, `${token} for ${address} is lost`);
    }
}

/** Until all that can be delivered is. */
async function drain(folder: string, config: string): Promise<void> {
  const server = await startServer(config);
  assert.ok(server);
  await using store = await openQueueStore(`sqlite:${folder}/data`);
  const mayGo = async () => {
    const list = await Array.fromAsync(
      store.list({ recipient: addresses[0], domain: 'hosted.example' }),
    );
    return list.flatMap(({ recipients }) =>
      recipients.filter(({ domain, state }) => domain === 'hosted.example' && state === 'waiting'),
    );
  };
  let isOver = false;
  const isDrained = until(async () => isOver || (await mayGo()).length === 0, patience);
  const early = server.ended.then((how) => assert.fail(`the server ended by itself: ${how}`));
  try {
    if (!(await Promise.race([isDrained, early])))
      assert.deepEqual(await mayGo(), [], 'what waits for nothing is delivered');
  } finally {
    isOver = true;
    await isDrained;
    early.catch(() => undefined);
    await server.stop('SIGTERM');
  }
}

async function lane(dns: string): Promise<Round> {
  using folder = temporaryFolder();
  const config = configure(folder.path, dns);
  const round: Round = { nextToken: 1, accepted: new Set() };
  for (let count = 1; count <= kills; count++) {
    // Some die while they start and recover.
    const early = count % 12 === 0 ? 100 + Math.random() * 500 : undefined;
    const server = await startServer(config, early);
    const moment = { accepted: Math.floor(Math.random() * 9), later: Math.random() * 50 };
    if (server) await sendUntilKilled(server, round, connections, moment);
    if (count % lookEvery === 0) checkAccepted(round, await look(folder.path));
  }
  await drain(folder.path, config);
  const found = await look(folder.path);
  checkAccepted(round, found);
  const [ann, carol] = addresses;
  assert.equal(found.waiting.get(ann)?.size, 0);
  assert.ok((found.waiting.get(carol)?.size ?? 0) > 0 && found.delivered.size > 0);
  return round;
}

test(`a server killed ${lanes * kills} times under load loses nothing that it answered with 250, and doubles nothing`, async (t) => {
  await using dns = await startDnsServer({ records: {} });
  const rounds = await Promise.all(Array.from({ length: lanes }, () => lane(dns.address)));
  const accepted = rounds.reduce((sum, round) => sum + round.accepted.size, 0);
  const sent = rounds.reduce((sum, round) => sum + round.nextToken - 1, 0);
  t.diagnostic(`${accepted} of ${sent} messages were answered with 250`);
  assert.ok(accepted > lanes * kills, 'there was load');
});
