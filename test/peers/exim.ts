/**
 * A real Exim in a machine of its own, with a configuration of one file, or with Debian's.
 *
 * Apart from Debian's: more than 20 connections at once, no look-up of who connects, log by syslog, and
 * the queue in 62 folders. The spool is synced as always, it cannot be told otherwise.
 */
import { writeFile } from 'node:fs/promises';
import { type Machine, openMachine } from './machine.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { run } from './place.ts';

export interface EximOptions extends PeerOptions {
  /** `split` and `single` are Debian's, for a server on the internet; default one file. */
  readonly layout?: 'plain' | 'split' | 'single';
}

/** Configured, and not started. */
export async function openExim(options: EximOptions): Promise<Peer> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('exim', options));
  await placeCertificate(machine, options, 'Debian-exim');
  const { place, path } = machine;
  if (options.layout && options.layout !== 'plain') await configureDebian(machine, options);
  else await writeFile(path('/etc/exim4/exim4.conf'), formatExim(machine.hostName, options));
  const known = (options.recipients ?? []).map((recipient) => `${recipient}: yes\n`);
  await writeFile(path('/etc/exim4/recipients'), known.join(''));
  await run(place, ['sh', '-ec', 'mkdir -p /run/exim4; chown Debian-exim: /run/exim4']);

  const kept = stack.move();
  return {
    title: 'Exim',
    machine,
    async start() {
      await machine.runCounted(['sh', '-c', 'exim4 -bd -q30m > /dev/null 2>&1']);
      await machine.listening(25);
    },
    async stop() {
      await run(place, ['sh', '-c', 'kill "$(cat /run/exim4/exim.pid)"']);
    },
    queued: async () => Number(await run(place, ['exim4', '-bpc'])),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Messages in its queue that it has given up. */
export async function countFrozen({ machine }: Peer): Promise<number> {
  const text = await run(machine.place, ['exim4', '-bp']);
  return text.split('*** frozen ***').length - 1;
}

/** More than 20 connections at once, and many messages over one. */
const limits = [
  'smtp_accept_max = 0',
  'smtp_accept_max_per_connection = 0',
  // RSET counts as a command that brings no mail.
  'smtp_accept_max_nonmail_hosts =',
  'smtp_accept_queue_per_connection = 0',
  'smtp_connect_backlog = 1000',
  'recipients_max = 10000',
  'remote_max_parallel = 4',
  'queue_run_max = 10',
];

/** As debconf and an admin leave it. */
async function configureDebian({ place, path }: Machine, options: EximOptions): Promise<void> {
  const { relay = {}, layout } = options;
  const hosts = Object.entries(relay);
  const settings = {
    dc_eximconfig_configtype: 'internet',
    dc_other_hostnames: '',
    dc_local_interfaces: '',
    dc_relay_domains: hosts.map(([domain]) => domain).join(';'),
    dc_relay_nets: (options.clients ?? []).join(';'),
    dc_use_split_config: String(layout === 'split'),
    dc_localdelivery: 'mail_spool',
    CFILEMODE: '644',
  };
  const file = (name: string, text: string) => writeFile(path(`/etc/exim4/${name}`), text);
  const assigned = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await file('update-exim4.conf.conf', assigned.join(''));
  await file('hubbed_hosts', hosts.map(([domain, host]) => `${domain}: ${host}\n`).join(''));
  const own = layout === 'split' ? 'conf.d/main/00_local' : 'exim4.conf.localmacros';
  await file(own, `${['MAIN_HOST_LOOKUP =', ...limits].join('\n')}\n`);
  await run(place, ['update-exim4.conf']);
}

function formatExim(hostName: string, options: PeerOptions): string {
  const { relay = {}, clients = [], certificate, recipients, queueOnly } = options;
  // A colon separates, so it is doubled.
  const list = (items: readonly string[]) =>
    items.map((item) => item.replaceAll(':', '::')).join(' : ');
  const tls = certificate
    ? [
        'tls_advertise_hosts = *',
        `tls_certificate = ${certificateFiles.cert}`,
        `tls_privatekey = ${certificateFiles.key}`,
      ]
    : ['tls_advertise_hosts ='];
  const known = recipients
    ? [
        '  deny domains = +relayed',
        '    !recipients = lsearch;/etc/exim4/recipients',
        '    message = Unknown user',
      ]
    : [];
  return `${[
    `primary_hostname = ${hostName}`,
    `domainlist relayed = ${list(Object.keys(relay))}`,
    `hostlist ours = 127.0.0.1 : ::::1 : ${list(clients)}`,
    'acl_smtp_rcpt = check_rcpt',
    'acl_smtp_data = take',
    'log_file_path = syslog',
    'pid_file_path = /run/exim4/exim.pid',
    'host_lookup =',
    'rfc1413_hosts =',
    'dkim_verify_signers =',
    'message_logs = false',
    'split_spool_directory = true',
    ...limits,
    `message_size_limit = ${largestMessage}`,
    'dsn_advertise_hosts = *',
    'smtputf8_advertise_hosts = *',
    'keep_environment =',
    'untrusted_set_sender = *',
    ...tls,
    ...(queueOnly ? ['queue_only = true'] : []),
    'begin acl',
    'check_rcpt:',
    ...known,
    '  accept domains = +relayed',
    '  accept hosts = +ours',
    '  deny message = relay not permitted',
    'take:',
    '  accept',
    'begin routers',
    'routed:',
    '  driver = manualroute',
    '  domains = +relayed',
    `  route_list = ${Object.entries(relay)
      .map(([domain, host]) => `${domain} ${host}`)
      .join(' ; ')}`,
    '  transport = remote',
    'by_mx:',
    '  driver = dnslookup',
    '  domains = ! +relayed',
    '  transport = remote',
    '  ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1',
    '  no_more',
    'begin transports',
    'remote:',
    '  driver = smtp',
    '  message_linelength_limit = 1000000',
    '  tls_verify_hosts =',
    '  tls_try_verify_hosts =',
    'begin retry',
    '* * F,2h,15m',
  ].join('\n')}\n`;
}
