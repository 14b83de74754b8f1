/**
 * The delivery with nothing made up: the queue on disk, a DNS server, SMTP servers that answer.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createConfiguredHosts } from '../../src/delivery/configured-hosts.ts';
import { createDelivery } from '../../src/delivery/create-delivery.ts';
import { createTransports } from '../../src/delivery/create-transports.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { gatherRouteFacts } from '../../src/dns/route-facts.ts';
import { systemClock } from '../../src/journal/system-clock.ts';
import { createJudge } from '../../src/judge/judge.ts';
import { createRoutes } from '../../src/judge/routes.ts';
import { comparableDomain } from '../../src/mail/address.ts';
import { parseHostPort } from '../../src/mail/endpoint.ts';
import { parseIp, parseNetwork } from '../../src/mail/ip.ts';
import { nextQueueId } from '../../src/mail/queue-id.ts';
import { startDnsServer, type ZoneData } from '../../src/replay/dns-server.ts';
import { type SinkOptions, sinkReply, startSmtpSink } from '../../src/replay/smtp-sink.ts';
import { openQueueStore } from '../../src/store/open-queue.ts';
import type { QueuedMessage } from '../../src/store/queue-store.ts';
import { defaultLoopLimits } from '../../src/verdict/loop.ts';
import { defaultNoticeLimits } from '../../src/verdict/notice.ts';
import { defaultRoutePolicy } from '../../src/verdict/route-policy.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { spfProof } from './stage.ts';

/** Stands for a server in the world, though it is on this machine. */
const world = '127.0.0.5';
const worldNetwork = parseNetwork(world);
const patience = 5000;
const day = 86_400_000;

async function startWorld(sinkOptions: SinkOptions, records: ZoneData) {
  const folder = temporaryFolder();
  const sink = await startSmtpSink({ host: world, ...sinkOptions });
  // At 127.0.0.1 somebody answers as well: nobody may ever ask him.
  const ourselves = await startSmtpSink({ host: '127.0.0.1', port: sink.port });
  const dns = await startDnsServer({ records });
  const server = parseHostPort(dns.address);
  assert.ok(server);
  const resolver = createResolver({ servers: [server] });
  const policy = {
    ...defaultRoutePolicy,
    ownNames: new Set(['mx.ours.example']),
    publicNetworks: worldNetwork ? [worldNetwork] : [],
  };
  const routes = createRoutes({
    gather: (domain) => gatherRouteFacts(resolver, domain),
    policy,
    now: Date.now,
    capacity: 1000,
    maxPending: 100,
  });
  const receipts: string[] = [];
  const directory = { find: foreign, expand: (path: string) => [path], destinationOf: () => null };
  const judge = createJudge({
    routes,
    policy,
    loops: defaultLoopLimits,
    notices: defaultNoticeLimits,
    directory,
    checks: {
      sender: enforce,
      recipient: enforce,
      mailbox: enforce,
      notice: enforce,
      loop: enforce,
      dmarc: enforce,
      flood: enforce,
    },
    record: (_question, { action, reason }) => receipts.push(`${action} ${reason}`),
    kept: async () => true,
    onFault: (fault) => {
      throw fault;
    },
    patience,
  });
  const store = await openQueueStore(`sqlite:${folder.path}`, { serve: true });
  await store.recover();
  const isOwnListener = () => false;
  const transports = createTransports({
    name: 'mx.ours.example',
    judge,
    ownNames: policy.ownNames,
    isOwnListener,
    random: Math.random,
    now: () => performance.now(),
    hostName: 'mx.ours.example',
    processName: String(process.pid),
    tls: { mx: 'off', backend: 'off', smarthost: 'off' },
    login: null,
    mxPort: sink.port,
  });
  let lastId = 0;
  const nextId = () => {
    lastId = nextQueueId(lastId, Date.now());
    return lastId;
  };
  const settled: (() => void)[] = [];
  const delivery = createDelivery({
    store,
    judge,
    routes,
    directory,
    transports,
    smarthost: null,
    hosts: createConfiguredHosts({
      resolveHost: async (name) => [parseIp(name)].flatMap((found) => found ?? []),
      isOwnListener,
      now: Date.now,
    }),
    name: 'mx.ours.example',
    nextId,
    token: () => `T${lastId}`,
    clock: systemClock,
    random: Math.random,
    log: {
      // A line of the log comes once what it tells of is on disk.
      info: () => {
        for (const resolve of settled.splice(0)) resolve();
      },
      warn() {},
      error: (details) => assert.fail(JSON.stringify(details)),
    },
  });

  return {
    sink,
    ourselves,
    dns,
    receipts,
    /** Commits, and hands over; resolves at the next line of the log. */
    async send(to: string, content: string): Promise<void> {
      const draft = store.begin();
      assert.ok(draft);
      const bytes = Buffer.from(content);
      const message = {
        id: nextId(),
        kind: 'mail' as const,
        receivedAt: Date.now(),
        expiresAt: Date.now() + day,
        sender: {
          reversePath: 'nicholas@sender.example',
          body: '7bit' as const,
          smtpUtf8: false,
          ret: null,
          envid: null,
        },
        client: null,
        proof: spfProof,
        size: bytes.length,
      };
      const domain = comparableDomain(to.slice(to.indexOf('@') + 1));
      const recipients = [{ forwardPath: to, original: to, domain, notify: null, orcpt: null }];
      await draft.write(bytes);
      await draft.commit(message, recipients, Buffer.alloc(0), true);
      const { promise, resolve } = Promise.withResolvers<void>();
      settled.push(resolve);
      delivery.take(message, recipients, bytes);
      await promise;
    },
    async all(): Promise<QueuedMessage[]> {
      const found: QueuedMessage[] = [];
      for await (const message of store.list({})) found.push(message);
      return found;
    },
    async [Symbol.asyncDispose]() {
      await delivery[Symbol.asyncDispose]();
      await transports.close();
      await store[Symbol.asyncDispose]();
      await resolver.close();
      await Promise.all([sink.close(), ourselves.close(), dns.close()]);
      folder[Symbol.dispose]();
    },
  };
}

const enforce = { mode: 'enforce', onFailure: 'closed' } as const;
const foreign = () => ({ kind: 'foreign' }) as const;

const zone: ZoneData = {
  'there.example': { MX: [[10, 'mx.there.example']] },
  'mx.there.example': { A: [world] },
  'sender.example': { MX: [[10, 'mx.there.example']] },
};
const content = 'Subject: a message\r\n\r\nHello.\r\n.\r\nA dot.\r\n';

test('a message goes to the MX, and the queue is empty', async () => {
  await using stage = await startWorld({}, zone);
  await stage.send('ann@there.example', content);
  await stage.sink.until(({ counts }) => counts.messages === 1, patience);
  const [message] = stage.sink.messages;
  assert.deepEqual(message?.forwardPaths, ['ann@there.example']);
  assert.deepEqual(await stage.all(), []);
});

test('a refusal of the MX comes back to the proved sender as a notice', async () => {
  const onRcpt = (forwardPath: string) =>
    forwardPath.startsWith('ann') ? sinkReply('550 5.1.1 No such mailbox here') : null;
  await using stage = await startWorld({ onRcpt }, zone);
  await stage.send('ann@there.example', content);
  await stage.sink.until(({ counts }) => counts.messages === 1, patience);
  const [notice] = stage.sink.messages;
  assert.deepEqual([notice?.reversePath, notice?.forwardPaths], ['', ['nicholas@sender.example']]);
});

test('an MX that turned to 127.0.0.1 after acceptance is never connected to', async () => {
  const records: ZoneData = {
    ...zone,
    'seaton.example': { MX: [[10, 'mx.seaton.example']] },
    'mx.seaton.example': { A: ['127.0.0.1'] },
  };
  await using stage = await startWorld({}, records);
  await stage.send('nicholas@seaton.example', content);
  await stage.sink.until(({ counts }) => counts.messages === 1, patience);
  assert.equal(stage.ourselves.counts.connections, 0);
  assert.deepEqual(stage.receipts, ['refuse loopback']);
  assert.deepEqual(stage.sink.messages[0]?.forwardPaths, ['nicholas@sender.example']);
});

test('a failure whose sender leads to 127.0.0.1 ends with a receipt, and is kept', async () => {
  const records: ZoneData = {
    ...zone,
    'sender.example': { MX: [[10, 'localhost']] },
  };
  const onRcpt = () => sinkReply('550 5.1.1 No such mailbox here');
  await using stage = await startWorld({ onRcpt }, records);
  await stage.send('ann@there.example', content);
  const left = await stage.all();
  assert.deepEqual(
    left.map(({ state }) => state),
    ['kept'],
  );
  assert.equal(stage.ourselves.counts.connections, 0);
  assert.deepEqual(stage.receipts, ['discard localhost']);
});

test('a server that greets with our own name is a loop: nothing is handed to it', async () => {
  await using stage = await startWorld({ name: 'MX.ours.example' }, zone);
  await stage.send('ann@there.example', content);
  const receipts = stage.receipts.filter((one) => one !== 'discard notice-about-notice');
  assert.ok(
    receipts.every((one) => one === 'refuse greets-as-us'),
    receipts.join(),
  );
  assert.equal(stage.sink.counts.messages, 0);
  const [failed] = await stage.all();
  assert.notEqual(failed?.recipients[0]?.forwardPath, 'ann@there.example');
});
