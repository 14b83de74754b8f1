/**
 * OpenSMTPD on a machine: found by its spool, asked by smtpctl(8).
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { routeOfAddress } from '../../foreign/opensmtpd/config-route.ts';
import { firstFile, outside, type Root } from '../../machine/root.ts';
import type { NextHop } from '../../mail/envelope.ts';
import { errorCode } from '../../mail/error-code.ts';
import { isFolder } from '../disk.ts';
import type { MailServer } from '../mail-server.ts';
import { createHand } from './hand.ts';
import { layoutOf } from './restore.ts';
import { readConfigIn, readInside, spoolFolder } from './routes.ts';
import { createSmtpctl } from './smtpctl.ts';

const controls = ['/usr/sbin/smtpctl', '/usr/local/sbin/smtpctl', '/sbin/smtpctl'];
const daemons = ['/usr/sbin/smtpd', '/usr/local/sbin/smtpd', '/sbin/smtpd'];
/** Compiled in; on many machines the former is the latter. */
const sockets = ['/var/run/smtpd.sock', '/run/smtpd.sock'];

export async function findOpenSmtpd(root: Root): Promise<readonly MailServer[]> {
  const spool = outside(root, spoolFolder);
  if (!(await isFolder(join(spool, 'queue')))) return [];
  const control = await firstFile(root, controls);
  const whyNoHand =
    process.getuid?.() !== 0
      ? 'only root may change the queue of OpenSMTPD'
      : control === null
        ? 'there is no smtpctl on this machine'
        : null;
  const layout = layoutOf(spool);
  const isRunning = () => isListening(root);
  const hand =
    control === null || whyNoHand !== null
      ? null
      : createHand({ smtpctl: createSmtpctl(root, control), layout, isRunning });
  return [
    {
      title: await titleOf(root),
      source: { mta: 'opensmtpd', folders: [spool] },
      queue: spoolFolder,
      isRunning,
      nextHops: (addresses) => nextHops(root, addresses),
      hand,
      whyNoHand,
    },
  ];
}

/** `smtpd -h` tells its version, and how it is used. */
async function titleOf(root: Root): Promise<string> {
  const daemon = await firstFile(root, daemons);
  const ran = daemon === null ? null : await root.run('/', [daemon, '-h']);
  const version = /^version: (OpenSMTPD [\w.-]+)/m.exec(`${ran?.stdout}${ran?.stderr}`)?.[1];
  return version ?? 'OpenSMTPD';
}

/** Its control socket is there before it looks at its queue, and gone with it. */
async function isListening(root: Root): Promise<boolean> {
  for (const path of sockets) if (await isAnswered(outside(root, path))) return true;
  return false;
}

/** One that has no time for us runs. */
async function isAnswered(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(2000);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(true));
    socket.on('error', (error) => {
      const code = errorCode(error);
      end(code !== 'ENOENT' && code !== 'ECONNREFUSED');
    });
  });
}

async function nextHops(
  root: Root,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, NextHop>> {
  const config = readConfigIn(root.folder);
  const hops = new Map<string, NextHop>();
  if (!config) return hops;
  const names = await localNames(root);
  for (const address of addresses) {
    const hop = routeOfAddress(address, config, names);
    if (hop) hops.set(address, hop);
  }
  return hops;
}

/** What `for local` means: parse.y and getmailname(). */
export async function localNames(root: Root): Promise<ReadonlySet<string>> {
  const files = ['/etc/mailname', '/etc/mail/mailname', '/etc/hostname'];
  const ran = await Promise.all([root.run('/', ['hostname']), root.run('/', ['hostname', '-f'])]);
  const texts = [
    ...files.map((path) => readInside(root.folder, path)?.split('\n', 1)[0] ?? ''),
    ...ran.map(({ stdout }) => stdout),
  ];
  const names = texts.map((text) => text.trim().toLowerCase()).filter((name) => name !== '');
  return new Set(['localhost', ...names]);
}
