/**
 * The incident of 2006 on the four real servers, without a guard, told from their logs.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { forgedSender } from '../../src/replay/cases/incident.ts';
import { type CaseName, replayCases } from '../../src/replay/cases.ts';
import { knownMailboxes } from '../../src/replay/sites.ts';
import type { Incident as ToldIncident } from '../../src/verdict/flood/incident.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { crowdSize, openCrowd } from './crowd.ts';
import { openExim } from './exim.ts';
import { incidentSizes, openIncident, play, toBackend } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { openOpensmtpd } from './opensmtpd.ts';
import type { Peer, PeerOptions } from './peer.ts';
import { here, run } from './place.ts';
import { openPostfix } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { openSendmail } from './sendmail.ts';
import { until } from './until.ts';

const skip = await whyNot();
const spillway = fileURLToPath(new URL('../../bin/spillway', import.meta.url));
const sizes = { ...incidentSizes, messages: 60, wanted: 40, misaddressed: 5 };
/** So that each of the crowd comes. */
const connections = crowdSize;
const recipients = sizes.messages * sizes.recipients;

interface Case {
  readonly name: string;
  readonly open: (options: PeerOptions) => Promise<Peer>;
  /** Lines of its log: notices about the flood, and mail that came back. */
  readonly notice: RegExp;
  readonly returned: RegExp;
  /** It writes its notices later, a few at a time. */
  readonly isSlow?: true;
  /** Its log tells no connection from another. */
  readonly isUntold?: true;
}

const cases: readonly Case[] = [
  {
    name: 'sendmail',
    open: openSendmail,
    notice: /: to=<nicholas@seaton\.biz>/,
    returned: /never/,
  },
  {
    name: 'sendmail of 2006',
    open: (options) => openSendmail({ ...options, mc: { ownNameCheck: false } }),
    notice: /: DSN: /,
    returned: /to=<nicholas@seaton\.biz>.* Message accepted for delivery\)/,
  },
  {
    name: 'Postfix',
    open: openPostfix,
    notice: /to=<nicholas@seaton\.biz>.*loops back to myself/,
    returned: /never/,
  },
  {
    name: 'Exim',
    open: openExim,
    notice: /\*\* nicholas@seaton\.biz/,
    returned: /never/,
    isUntold: true,
  },
  {
    name: 'OpenSMTPD',
    open: openOpensmtpd,
    notice: /smtp envelope .* from=<> to=<nicholas@seaton\.biz>/,
    returned: /mta delivery .* to=<nicholas@seaton\.biz> .* Message accepted for delivery/,
    isSlow: true,
  },
];

for (const { name, open, notice, returned, isSlow, isUntold } of cases)
  test(`${name} takes and bounces the flood: told as one incident, with its cause and its figures`, {
    skip,
  }, async (t) => {
    await using network = await openNetwork();
    await using crowd = await openCrowd(network);
    await using peer = await open({ network, relay: toBackend });
    await peer.start();
    await using incident = await openIncident(network, { sizes, connections, timeout: 40_000 });
    const report = await play(incident);
    const taken = report.spam.accepted;
    if (!isSlow) assert.equal(taken, sizes.messages);
    const failed = async () => countOf(await peer.machine.log(), notice);
    await until(async () => (await failed()) >= taken, isSlow ? 3000 : 20_000);
    const log = await peer.machine.log();
    const [told, ...others] = await tell(log);
    assert.deepEqual(others, []);
    assert.ok(told, 'no incident');
    t.diagnostic(JSON.stringify({ ...told.received, ...told.made, ...told.ended }));
    assert.equal(told.cause, 'forged-sender');
    assert.equal(told.subject, forgedSender);
    // Some of the crowd bring wanted mail only.
    assert.ok(told.clients.distinct >= 8 && told.clients.distinct <= crowdSize);
    assert.ok(told.clients.top.every(({ name }) => crowd.clients.includes(name)));
    assert.equal(told.senders.top[0]?.name, forgedSender);
    // A client that gave up waiting for a slow server may have been served all the same.
    const most = isSlow ? sizes.messages : taken;
    assert.ok(told.received.messages >= taken && told.received.messages <= most);
    assert.equal(told.received.recipients, told.received.messages * sizes.recipients);
    assert.equal(told.received.connections, isUntold ? null : report.connections.ofSpammer);
    assert.equal(told.made.cpu, null);
    const returns = countOf(log, returned);
    if (isSlow) assert.ok(told.made.notices > 0 && told.made.notices <= most);
    else {
      assert.equal(told.received.unknown, recipients);
      assert.equal(told.made.notices, sizes.messages);
    }
    assert.equal(told.made.returns, returns);
    assert.equal(told.ended.refused, 0);
  });

const doors: readonly Case[] = cases.filter(({ name }) => name !== 'sendmail of 2006');
for (const { name, open, isUntold } of doors)
  test(`${name} knows who exists: the flood that it refused is told, and that nothing came of it`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    await using crowd = await openCrowd(network);
    await using peer = await open({ network, relay: toBackend, recipients: knownMailboxes });
    await peer.start();
    // The lines of OpenSMTPD name no sender: to whom reads them each client is a flood of its own, if it is one.
    const isSenderless = name === 'OpenSMTPD';
    const few = isSenderless ? { connections: 4 } : { connections };
    await using incident = await openIncident(network, { sizes, timeout: 40_000, ...few });
    const report = await play(incident);
    assert.equal(report.spam.accepted, 0);
    const { made, ofSpammer } = report.connections;
    const told = await tell(await peer.machine.log());
    for (const one of told)
      assert.equal(one.received.messages + one.made.notices + one.made.deliveries, 0);
    if (isSenderless) {
      assert.ok(told.length > 0);
      for (const { cause, subject } of told) {
        assert.equal(cause, 'harvest');
        assert.ok(crowd.clients.includes(subject), subject);
      }
      // Each of the crowd has its own, until all have had their turn.
      const all = told.reduce((sum, { received }) => sum + (received.connections ?? 0), 0);
      assert.ok(all >= told.length && all <= made, `${all} of ${made} connections`);
      return;
    }
    const [only, ...others] = told;
    assert.deepEqual(others, []);
    assert.equal(only?.cause, 'forged-sender');
    assert.equal(only.subject, forgedSender);
    assert.ok(only.clients.top.every((one) => crowd.clients.includes(one.name)));
    // What the same clients tried besides may count: here those who mistook an address.
    const over = only.received.connections;
    if (isUntold) assert.equal(over, null);
    else assert.ok(over !== null && over >= ofSpammer && over <= made, `${over} connections`);
    const { refused } = only.ended;
    assert.ok(refused >= recipients && refused <= recipients + sizes.misaddressed, String(refused));
  });

/** Only Postfix takes the word of a tester for who sends. */
const told: readonly (readonly [name: CaseName, messages: number])[] = [
  ['incident', 60],
  ['harvest', 60],
  ['slow-harvest', 400],
  ['joe-job', 200],
  ['answer-loop', 160],
  ['backup-mx', 400],
  ['ordinary-day', 300],
];
for (const [name, messages] of told)
  test(`Postfix's log of ${replayCases[name].title}: told as what it was`, { skip }, async () => {
    const { cause, subject } = replayCases[name].truth;
    await using network = await openNetwork();
    const settings = {
      smtpd_authorized_xclient_hosts: addresses.sender.v4,
      // One of the two that answer each other is at a site of ours, and what it writes goes out.
      ...(name === 'answer-loop' && { mynetworks: '0.0.0.0/0' }),
    };
    // Who harvests slowly hears at the door who exists; else the storm of notices would be told as well.
    const recipients = name === 'slow-harvest' ? knownMailboxes : null;
    await using postfix = await openPostfix({ network, relay: toBackend, settings, recipients });
    await postfix.start();
    const options = { name, tellsClients: true, sizes: { ...sizes, messages }, timeout: 40_000 };
    await using incident = await openIncident(network, options);
    const report = await play(incident);
    await until(async () => (await postfix.queued()) === 0);
    const incidents = await tell(await postfix.machine.log());
    assert.deepEqual(
      incidents.map((one) => one.cause),
      cause === null ? [] : [cause],
    );
    assert.equal(incidents[0]?.subject ?? null, subject);
    // Of what the server wrote nothing came in; beyond a few dozens they are estimated.
    const over = incidents[0]?.received.connections ?? null;
    const { made, ofSpammer } = report.connections;
    if (cause === null || cause === 'notice-storm') assert.equal(over, null);
    else assert.ok(over !== null && over > 0.8 * ofSpammer && over < 1.15 * made, `${over}`);
  });

for (const { name, open } of doors)
  test(`${name}'s log of an ordinary day tells no incident`, { skip }, async () => {
    await using network = await openNetwork();
    await using peer = await open({ network, relay: toBackend });
    await peer.start();
    const day = {
      name: 'ordinary-day',
      sizes: { ...sizes, messages: 200 },
      timeout: 40_000,
    } as const;
    await using incident = await openIncident(network, day);
    const report = await play(incident);
    assert.ok(report.wanted.accepted > 100);
    assert.deepEqual(await tell(await peer.machine.log()), []);
  });

function countOf(log: readonly string[], pattern: RegExp): number {
  return log.filter((line) => pattern.test(line)).length;
}

/** As the command itself tells it, the largest first. */
async function tell(log: readonly string[]): Promise<ToldIncident[]> {
  using folder = temporaryFolder();
  const path = join(folder.path, 'mail.log');
  await writeFile(path, log.map((line) => `${line}\n`).join(''));
  const output = await run(here, [spillway, 'story', '--json', path], { accept: [0, 1] });
  const document: { incidents: ToldIncident[]; sources: { unreadable: unknown[] }[] } =
    JSON.parse(output);
  assert.deepEqual(document.sources[0]?.unreadable, []);
  return document.incidents;
}
