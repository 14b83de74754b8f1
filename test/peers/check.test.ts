/**
 * `spillway check` beside the real servers: what it says of a notice and of an unknown recipient is what
 * then happens.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { Finding } from '../../src/cli/check-findings.ts';
import type { NoticeEnd } from '../../src/foreign/foretold.ts';
import type { ServerCheck } from '../../src/install/check/server-check.ts';
import { knownMailboxes } from '../../src/replay/sites.ts';
import type { GuardedOptions } from './guarded-peers.ts';
import { openGuarded } from './guarded-peers.ts';
import { incidentRecords, openDns } from './incident.ts';
import { type Machine, openMachine, projectInside } from './machine.ts';
import { addresses, openNetwork } from './network.ts';
import { type GuardedName, guardedNames, noticeFates } from './notice-fates.ts';
import { run } from './place.ts';
import { playVariants } from './play-variants.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();
const spillway = `${projectInside}/bin/spillway`;

type Told = ServerCheck & { readonly findings: readonly Finding[] };

/** The one server that it finds, and that it leaves every file as it is. */
async function check({ place }: Machine): Promise<Told> {
  const stamp = '/tmp/before-check';
  await run(place, ['touch', stamp]);
  const said = await run(place, [spillway, 'check', '--json'], { accept: [0, 1] });
  const folders = ['/etc', '/var/spool', '/var/lib'];
  // Postfix starts programs when it is knocked at, and counts them there.
  const but = ['-not', '-path', '*/pid/*', '-not', '-path', '/var/lib/postfix/*'];
  assert.equal(await run(place, ['find', ...folders, '-type', 'f', '-newer', stamp, ...but]), '');
  const lines = said.trim().split('\n');
  assert.equal(lines.length, 1, said);
  return JSON.parse(lines[0] ?? '');
}

function outcome({ findings }: Told, about: Finding['about']): string {
  return findings.find((one) => one.about === about)?.outcome ?? '';
}

interface Case {
  readonly what: string;
  readonly server: GuardedName;
  readonly loopback: NoticeEnd;
  readonly nullMx: NoticeEnd;
  readonly options?: Partial<GuardedOptions>;
}

const outside = addresses.server.v4;

const cases: readonly Case[] = [
  { what: 'as it is', server: 'sendmail', loopback: 'postmaster', nullMx: 'postmaster' },
  {
    what: 'that does not know itself, as in 2006',
    server: 'sendmail',
    loopback: 'loops',
    nullMx: 'postmaster',
    options: { mc: { ownNameCheck: false } },
  },
  {
    what: 'without double bounces',
    server: 'sendmail',
    loopback: 'dropped',
    nullMx: 'dropped',
    options: { mc: { features: ["define(`confDOUBLE_BOUNCE_ADDRESS', `')dnl"] } },
  },
  { what: 'as it is', server: 'postfix', loopback: 'dropped', nullMx: 'dropped' },
  {
    what: 'that tells the postmaster',
    server: 'postfix',
    loopback: 'postmaster',
    nullMx: 'postmaster',
    options: { settings: { notify_classes: 'resource, software, 2bounce' } },
  },
  {
    what: 'that listens outside only',
    server: 'postfix',
    loopback: 'waits',
    nullMx: 'dropped',
    options: { settings: { inet_interfaces: outside } },
  },
  { what: 'as it is', server: 'exim', loopback: 'frozen', nullMx: 'frozen' },
  {
    what: 'that drops failed notices',
    server: 'exim',
    loopback: 'dropped',
    nullMx: 'dropped',
    options: { edit: (text) => `ignore_bounce_errors_after = 0s\n${text}` },
  },
  {
    what: 'with a router that sees 127.0.0.1',
    server: 'exim',
    loopback: 'frozen',
    nullMx: 'frozen',
    options: { edit: (text) => text.replace(/^ +ignore_target_hosts.*\n/m, '') },
  },
  {
    what: 'with self = send',
    server: 'exim',
    loopback: 'loops',
    nullMx: 'frozen',
    options: { edit: (text) => text.replace(/^ +ignore_target_hosts.*$/m, '  self = send') },
  },
  { what: 'as it is', server: 'opensmtpd', loopback: 'loops', nullMx: 'waits' },
  {
    what: 'that listens outside only',
    server: 'opensmtpd',
    loopback: 'waits',
    nullMx: 'waits',
    options: { edit: (text) => text.replace('listen on 0.0.0.0', `listen on ${outside}`) },
  },
];

for (const { what, server, loopback, nullMx, options } of cases)
  test(`${server} ${what}: ${loopback}, and at a null MX ${nullMx}`, { skip }, async () => {
    let told: Told | undefined;
    const { fates } = await playVariants(server, {
      modes: null,
      ...options,
      awaited: ['loopback', 'nullmx'],
      first: async ({ machine }) => {
        told = await check(machine);
      },
    });
    assert.ok(told);
    assert.equal(told.notices.loopback.end, loopback);
    assert.equal(told.notices['null-mx'].end, nullMx);
    assert.deepEqual([fates.get('loopback'), fates.get('nullmx')], [loopback, nullMx]);
    assert.equal(outcome(told, 'loopback'), loopback === 'dropped' ? 'well' : 'trouble');
    assert.equal(told.isRunning, true);
    assert.equal(told.guard.state, 'absent');
    // The sites that are relayed take everybody, which is how the notices came to be.
    const site = told.unknown.domains.find(({ domain }) => domain === 'bakery.example');
    assert.equal(site?.fate, 'accepted');
    assert.equal(site?.backend, addresses.backend.v4);
  });

for (const server of guardedNames)
  test(`${server} with the guard: the notice is ended; without its answer, as before`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    await using _dns = await openDns(network, incidentRecords);
    await using guarded = await openGuarded(server, network, { modes: {} });
    const { machine } = guarded.peer;
    const told = await check(machine);
    assert.equal(told.notices.loopback.end, 'ended');
    assert.equal(told.notices['null-mx'].end, 'ended');
    assert.equal(outcome(told, 'guard'), 'well');
    await guarded.guard?.stop();
    const alone = await check(machine);
    assert.notEqual(alone.notices.loopback.end, 'ended');
    assert.equal(outcome(alone, 'guard'), 'trouble');
  });

test('a guard that only watches ends nothing, and that is told', { skip }, async () => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, incidentRecords);
  await using guarded = await openGuarded('postfix', network, { modes: { notice: 'watch' } });
  const told = await check(guarded.peer.machine);
  assert.equal(told.notices.loopback.end, 'dropped');
  assert.equal(outcome(told, 'guard'), 'note');
  assert.match(told.findings.find(({ about }) => about === 'guard')?.found ?? '', /only watches/);
});

for (const server of guardedNames)
  test(`${server} that knows its recipients refuses the others`, { skip }, async () => {
    await using network = await openNetwork();
    await using _dns = await openDns(network, incidentRecords);
    const recipients = knownMailboxes;
    await using guarded = await openGuarded(server, network, { modes: null, recipients });
    const told = await check(guarded.peer.machine);
    const fates = told.unknown.domains.map(({ domain, fate }) => `${domain} ${fate}`);
    assert.ok(fates.length >= 12, fates.join(', '));
    assert.deepEqual(
      fates.filter((text) => !text.endsWith(' refused')),
      [],
    );
    assert.equal(outcome(told, 'unknown-recipient'), 'well');
  });

/** How each begins as Debian sets it up, and which file tells what it did. */
const debian: Readonly<
  Record<GuardedName, { start: string; options?: string; log: string; end: NoticeEnd }>
> = {
  sendmail: {
    start:
      'mkdir -p /var/run/sendmail/mta; chown smmta:smmsp /var/run/sendmail/mta; /usr/sbin/sendmail -ORefuseLA=1000 -OQueueLA=1000 -L sm-mta -bd -q10m',
    // By itself it takes nothing while the machine has much to do, as it has in tests.
    options: '-OQueueLA=1000',
    log: '/var/log/mail.log',
    end: 'postmaster',
  },
  postfix: {
    start:
      'cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf; newaliases; postfix start; postconf -F "*/*/chroot = n"; postfix reload',
    log: '/var/log/mail.log',
    end: 'dropped',
  },
  exim: {
    start:
      'sed -i "s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype=internet/" /etc/exim4/update-exim4.conf.conf; update-exim4.conf; mkdir -p /run/exim4; chown Debian-exim /run/exim4; exim4 -bd -q30m',
    log: '/var/log/exim4/mainlog',
    end: 'frozen',
  },
  opensmtpd: { start: 'smtpd', log: '/var/log/mail.log', end: 'loops' },
};

for (const server of guardedNames)
  test(`${server} as Debian sets it up: ${debian[server].end}`, { skip }, async () => {
    const { start, options = '', log, end } = debian[server];
    await using network = await openNetwork();
    await using _dns = await openDns(network, incidentRecords);
    await using machine = await openMachine(server, { network });
    const { place, path } = machine;
    await run(place, ['sh', '-ec', `{ ${start}; } > /dev/null 2>&1`]);
    await machine.listening(25);
    const told = await check(machine);
    assert.equal(told.notices.loopback.end, end);
    const own = told.unknown.domains.filter(({ fate }) => fate !== 'refused');
    assert.deepEqual(own, []);
    // A program of the machine writes to a domain that does not exist, in the name of a dead end.
    await writeFile(path('/tmp/letter'), 'Subject: lost\n\nx\n');
    const domain = 'loopback.odd.example';
    const send = `sendmail ${options} -i -f visitor@${domain} nobody@no-domain.odd.example < /tmp/letter`;
    await run(place, ['sh', '-c', send]);
    const variant = {
      name: 'loopback',
      domain,
      expected: 'never',
      door: '',
      noticed: false,
    } as const;
    const hasEnded = await until(async () => {
      const fates = await noticeFates(server, machine, [variant], log);
      return fates.get('loopback') === end;
    });
    assert.ok(hasEnded, (await run(place, ['tail', '-n', '30', log])).toString());
  });
