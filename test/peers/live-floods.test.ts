/**
 * Each case of the replay, played small at the running program, is recognised while it goes on as what it
 * was: once, with its cause, its subject and its figures; and on an ordinary day nothing is.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { type CaseName, planReplay, replayCases } from '../../src/replay/cases.ts';
import { goodClients } from '../../src/replay/clients.ts';
import { createCrowd } from '../../src/replay/crowd.ts';
import { startDnsServer } from '../../src/replay/dns-server.ts';
import { incidentZone } from '../../src/replay/incident-zone.ts';
import { type Planned, writeContent } from '../../src/replay/planned.ts';
import type { ReplaySizes } from '../../src/replay/replay-case.ts';
import { createRoom } from '../../src/replay/room.ts';
import { goodDomains, hostedSites, knownMailboxes } from '../../src/replay/sites.ts';
import { onlyMailboxes, startSmtpSink } from '../../src/replay/smtp-sink.ts';
import { openJournalStore } from '../../src/store/open-journal.ts';
import { openQueueStore } from '../../src/store/open-queue.ts';
import type { Incident } from '../../src/verdict/flood/incident.ts';
import { mta, readReplies } from '../milter/mta.ts';
import { type Running, startServer } from '../program.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from './until.ts';

const few = { recipients: 5, wanted: 10, misaddressed: 3, variants: false };
/** At once. */
const messagesUnderWay = 8;

/** Who exists: named in the configuration; or everybody is taken, and the server behind refuses. */
type Recipients = 'known' | 'everybody';

interface World {
  readonly door: 'smtp' | 'milter';
  readonly recipients: Recipients;
  /** Clients that may send elsewhere. */
  readonly relayed?: readonly string[];
}

async function open(t: TestContext, { door, recipients, relayed = [] }: World) {
  const folder = temporaryFolder();
  t.after(() => folder[Symbol.dispose]());
  const world = { target: '192.0.2.10', sink: '192.0.2.30' };
  const dns = await startDnsServer({ records: incidentZone(world, hostedSites, goodDomains) });
  const behind = await startSmtpSink({ onRcpt: onlyMailboxes(knownMailboxes) });
  const outside = await startSmtpSink();
  t.after(async () => await Promise.all([dns.close(), behind.close(), outside.close()]));
  const taken = recipients === 'known' ? 'mailboxes = ["info"]' : 'catchAll = "*"';
  const sites = hostedSites.map(
    (site) => `[[domains]]
name = "${site}"
${taken}
verify = "none"
deliver = "smtp:127.0.0.1:${behind.port}"
`,
  );
  const url = `sqlite:${folder.path}/data`;
  const isMx = door === 'smtp';
  const config = join(folder.path, 'spillway.toml');
  // Routes are off: on one machine all of them lead back to it. Everybody is told of failures.
  writeFileSync(
    config,
    `[dns]
servers = ["127.0.0.1:${dns.port}"]
[guard]
milter = [${isMx ? '' : '"127.0.0.1:0"'}]
socketmap = []
policy = []
readsocket = []
filter = []
[checks.sender]
mode = "off"
[checks.recipient]
mode = "off"
[store]
url = "${url}"
[notices]
policy = "always"
[relay]
networks = ${JSON.stringify(relayed)}
smarthost = "smtp:127.0.0.1:${outside.port}"
[smtp]
listen = [${isMx ? '"127.0.0.1:0"' : ''}]
xclient = ["127.0.0.0/8"]
[smtp.limits]
unknownPerSession = 10000000
unknownPerClient = 10000000
errorsPerSession = 100000
${sites.join('')}`,
  );
  return { url, server: await startServer(t, config) };
}

type Send = (message: Planned) => Promise<void>;

async function play(name: CaseName, sizes: ReplaySizes, send: Send): Promise<void> {
  const room = createRoom(messagesUnderWay);
  for (const message of planReplay(name, '1', sizes).messages)
    await room.enter(() => send(message));
  await room.empty();
}

interface Sent {
  /** Of contents of messages. */
  octets: number;
  /** Over which the messages of the case came, apart from others. */
  connections: number;
}

function bySmtp({ ports }: Running, sent: Sent) {
  const open = (onConnect: () => void) =>
    createCrowd({
      address: '127.0.0.1',
      port: ports.get('smtp') ?? 0,
      connections: messagesUnderWay,
      rate: 0,
      tellsClients: true,
      onConnect,
      stepTimeout: 15_000,
    });
  const spammers = open(() => sent.connections++);
  const others = open(() => {});
  const send: Send = async (message) => {
    const content = writeContent(message, 'live', new Date());
    const { reversePath, forwardPaths, client, kind } = message;
    const crowd = kind === 'spam' ? spammers : others;
    const { transaction } = await crowd.send(client, { reversePath, forwardPaths, content });
    if (transaction.kind === 'accepted') sent.octets += content.replaceAll('\n', '\r\n').length;
  };
  return { send, close: async () => void (await Promise.all([spammers.close(), others.close()])) };
}

/** As a server asks of whom each recipient that was not refused is among those who get the message. */
function byMilter({ ports }: Running, sent: Sent) {
  const send: Send = async ({ kind, client, reversePath, forwardPaths }) => {
    const socket = connect(ports.get('milter') ?? 0, '127.0.0.1');
    if (kind === 'spam') sent.connections++;
    let got = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
    });
    const reach = async (count: number) => {
      while (readReplies(got).length < count) await once(socket, 'data');
    };
    socket.write(
      Buffer.concat([
        mta.negotiate(),
        mta.connect('client.example', client),
        mta.helo('client.example'),
        mta.mail(`<${reversePath}>`, 'SIZE=1000'),
        ...forwardPaths.map((path) => mta.rcpt(`<${path}>`)),
      ]),
    );
    await reach(2 + forwardPaths.length);
    if (readReplies(got).slice(2).includes('c')) {
      socket.write(Buffer.concat([mta.header('Subject', 'hello'), mta.endOfMessage()]));
      await reach(3 + forwardPaths.length);
      sent.octets += 1000;
    }
    socket.end(mta.quit());
  };
  return { send, close: async () => {} };
}

/** Resolves once nothing waits to be delivered. */
async function delivered(url: string): Promise<void> {
  await using queue = await openQueueStore(url);
  const isEmpty = async () => (await queue.counts()).queued === 0;
  assert.ok(await until(isEmpty, 30_000), 'the queue is not empty');
}

async function incidentsIn(url: string): Promise<Incident[]> {
  await using journal = await openJournalStore(url);
  return await journal.incidents({});
}

interface Case extends World {
  readonly name: CaseName;
  readonly messages: number;
  readonly figures?: (incident: Incident, sizes: ReplaySizes, sent: Sent) => void;
}

/** All of it was refused at the door, and nothing came of it; some of those who mistook an address may be counted. */
function isRefused({ received, made, ended }: Incident, sizes: ReplaySizes): void {
  const tried = sizes.messages * sizes.recipients;
  isWithin(received.recipients, tried, tried + sizes.misaddressed);
  isWithin(received.unknown, tried, tried + sizes.misaddressed);
  assert.equal(ended.refused, received.unknown);
  assert.deepEqual([received.messages, received.bytes], [0, 0]);
  const { cpu: _, ...rest } = made;
  assert.deepEqual(rest, { notices: 0, deliveries: 0, bytes: 0, returns: 0 });
}

function refusedNotices({ received, senders }: Incident, { messages }: ReplaySizes): void {
  assert.deepEqual([received.recipients, received.unknown], [messages, messages]);
  assert.deepEqual(
    senders.top.map(({ name }) => name),
    [''],
  );
}

/** Those over which the case came, as near as an estimate is; some of those who mistook an address may be counted. */
function isOver({ cause, received }: Incident, { misaddressed }: ReplaySizes, sent: Sent): void {
  // It counts what went out, and nothing that came in.
  if (cause === 'notice-storm') assert.equal(received.connections, null);
  else
    isWithin(
      received.connections ?? 0,
      0.85 * sent.connections - 1,
      1.15 * sent.connections + misaddressed,
    );
}

function isWithin(value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${value} is not within ${least} and ${most}`);
}

const refused = (incident: Incident, sizes: ReplaySizes) => isRefused(incident, sizes);
const cases: readonly Case[] = [
  { name: 'incident', door: 'smtp', recipients: 'known', messages: 60, figures: refused },
  {
    name: 'incident',
    door: 'smtp',
    recipients: 'everybody',
    messages: 60,
    figures({ received, made, ended, clients }, { messages, recipients }, { octets }) {
      const tried = messages * recipients;
      // Somewhat fewer than messages; an estimate.
      isWithin(clients.distinct, 40, 70);
      assert.deepEqual(
        [received.messages, received.recipients, received.unknown],
        [messages, tried, tried],
      );
      assert.deepEqual([made.notices, made.returns, ended.failed], [20, 0, tried]);
      // Of wanted mail as well.
      isWithin(received.bytes, octets / 2, octets);
      assert.ok(made.bytes > 20 * 500, `${made.bytes} octets`);
    },
  },
  { name: 'harvest', door: 'smtp', recipients: 'known', messages: 40, figures: refused },
  {
    name: 'slow-harvest',
    door: 'smtp',
    recipients: 'known',
    messages: 400,
    figures: (incident, sizes) => isRefused(incident, { ...sizes, recipients: 1 }),
  },
  { name: 'joe-job', door: 'smtp', recipients: 'known', messages: 200, figures: refusedNotices },
  {
    name: 'answer-loop',
    door: 'smtp',
    recipients: 'known',
    messages: 160,
    // What one of them says is relayed: where it were refused, there would be no loop.
    relayed: goodClients.slice(0, 1),
    // Some came before the loop stood out.
    figures({ received, ended, senders }) {
      isWithin(received.recipients, 150, 170);
      assert.equal(ended.refused, 0);
      isWithin(ended.delivered, 130, 160);
      isWithin(received.bytes, 60 * 500, 160 * 5000);
      const writers = senders.top.map(({ name }) => name).toSorted();
      assert.deepEqual(writers, ['info@library.example', 'robot@good-1.example']);
      for (const { count } of senders.top) isWithin(count, 70, 80);
    },
  },
  {
    name: 'backup-mx',
    door: 'smtp',
    recipients: 'everybody',
    messages: 400,
    figures({ made }, { messages, misaddressed }) {
      isWithin(made.notices, messages, messages + misaddressed);
      isWithin(made.bytes, made.deliveries * 500, made.deliveries * 10_000);
    },
  },
  { name: 'ordinary-day', door: 'smtp', recipients: 'known', messages: 200 },
  { name: 'ordinary-day', door: 'smtp', recipients: 'everybody', messages: 200 },
  { name: 'incident', door: 'milter', recipients: 'known', messages: 60, figures: refused },
  { name: 'joe-job', door: 'milter', recipients: 'known', messages: 200, figures: refusedNotices },
  { name: 'answer-loop', door: 'milter', recipients: 'known', messages: 160 },
  { name: 'ordinary-day', door: 'milter', recipients: 'known', messages: 300 },
];

describe('recognised live', { concurrency: 2 }, () => {
  for (const { name, messages, figures, ...world } of cases)
    test(`${replayCases[name].title}, over ${world.door}, where ${world.recipients} is taken`, async (t) => {
      const { door } = world;
      const { cause, subject } = replayCases[name].truth;
      const { url, server } = await open(t, world);
      const sizes = { ...few, messages };
      const sent = { octets: 0, connections: 0 };
      const { send, close } = (door === 'smtp' ? bySmtp : byMilter)(server, sent);
      const from = Date.now();
      await play(name, sizes, send);
      await close();
      if (door === 'smtp') await delivered(url);
      assert.equal(await server.stop(), 0);
      const incidents = await incidentsIn(url);
      assert.deepEqual(
        incidents.map((one) => [one.cause, one.subject]),
        cause === null ? [] : [[cause, subject]],
      );
      const [incident] = incidents;
      if (!incident) return;
      t.diagnostic(
        JSON.stringify([incident.senders, incident.received, incident.made, incident.ended, sent]),
      );
      isWithin(incident.start, from, Date.now());
      isWithin(incident.end, incident.start, Date.now());
      isOver(incident, sizes, sent);
      isWithin(incident.made.cpu ?? 0, 1, (Date.now() - from) * availableParallelism());
      figures?.(incident, sizes, sent);
    });
});
