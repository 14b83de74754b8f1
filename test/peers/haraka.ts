/**
 * Haraka in a machine of its own: from npm, in a cache folder beside the roots, run by our Node.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openMachine, projectInside } from './machine.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { here, run } from './place.ts';
import { cacheFolder } from './roots.ts';

export const harakaVersion = '3.3.4';
const inside = '/opt/haraka';
const home = '/etc/haraka';

/** Configured, and not started. */
export async function openHaraka(options: PeerOptions): Promise<Peer> {
  await using stack = new AsyncDisposableStack();
  const folders = { ...options.folders, [inside]: await harakaFolder() };
  const machine = stack.use(await openMachine('plain', { ...options, folders }));
  await placeCertificate(machine, options);
  const { place, path } = machine;
  for (const [name, text] of Object.entries(filesOf(machine.hostName, options))) {
    await mkdir(join(path(home), name, '..'), { recursive: true });
    await writeFile(path(`${home}/${name}`), text);
  }
  await run(place, ['mkdir', '-p', `${home}/queue`]);

  const kept = stack.move();
  const program = [`${projectInside}/bin/with-node`, `${inside}/node_modules/Haraka/bin/haraka`];
  return {
    title: 'Haraka',
    machine,
    async start() {
      const command = `${program.join(' ')} -c ${home} > /var/log/haraka.log 2>&1 < /dev/null & echo $! > /run/haraka.pid`;
      await machine.runCounted(['sh', '-c', command]);
      await machine.listening(25);
    },
    async stop() {
      await run(place, ['sh', '-c', 'kill "$(cat /run/haraka.pid)"']);
    },
    async queued() {
      return Number(await run(place, ['sh', '-c', `find ${home}/queue -type f | wc -l`]));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Installed once. */
async function harakaFolder(): Promise<string> {
  const folder = join(cacheFolder(), `haraka-${harakaVersion}`);
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  const target = `${folder}.building`;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'package.json'), '{"private":true}\n');
  const options = ['--omit=dev', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run(here, ['npm', '--prefix', target, 'install', ...options, `Haraka@${harakaVersion}`], {
    timeout: 300_000,
  });
  await rename(target, folder);
  return folder;
}

function filesOf(hostName: string, options: PeerOptions): Record<string, string> {
  const { relay = {}, clients = [], certificate, recipients, queueOnly } = options;
  const lines = (items: readonly string[]) => items.map((item) => `${item}\n`).join('');
  return {
    'config/me': `${hostName}\n`,
    'config/smtp.ini': 'listen=0.0.0.0:25\nnodes=cpus\n',
    'config/connection.ini': [
      '[main]\nsmtputf8=true\n[headers]\nmax_lines=1000\nmax_received=100\n',
      `[max]\nbytes=${largestMessage}\nline_length=512\ndata_line_length=1000000\n`,
      '[message]\nhelo=hello\nclose=goodbye\n[uuid]\nbanner_chars=6\ndeny_chars=0\n[haproxy]\n',
    ].join(''),
    'config/outbound.ini': `disabled=${queueOnly === true}\nconcurrency_max=100\n`,
    'config/loglevel': 'WARN\n',
    'config/log.ini': '[main]\nlevel=warn\n',
    'config/outbound.bounce_message': 'From: MAILER-DAEMON\nSubject: failed\n\nIt failed.\n',
    'config/relay_acl_allow': lines(clients),
    'config/relay.ini': '[relay]\nacl=true\n',
    ...(certificate
      ? { 'config/tls.ini': `key=${certificateFiles.key}\ncert=${certificateFiles.cert}\n` }
      : {}),
    'config/plugins': lines([...(certificate ? ['tls'] : []), 'relay', 'route']),
    // Takes the domains it relays, all or the named recipients of each, and queues for them.
    'plugins/route.js': `
'use strict';
const relay = new Map(Object.entries(${JSON.stringify(relay)}));
const known = ${recipients ? `new Set(${JSON.stringify(recipients)})` : 'null'};
exports.hook_rcpt = function (next, connection, [recipient]) {
  const domain = recipient.host.toLowerCase();
  if (!relay.has(domain)) return next(connection.relaying ? OK : undefined);
  if (known && !known.has(recipient.address.toLowerCase())) return next(DENY, 'No such user');
  connection.relaying = true;
  next(OK);
};
exports.hook_get_mx = function (next, hmail, domain) {
  const host = relay.get(domain.toLowerCase());
  if (host) next(OK, { priority: 0, exchange: host, port: 25 });
  else next();
};
`,
  };
}
