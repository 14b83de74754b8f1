/**
 * OpenSMTPD on a machine: its program, its version, its configuration, whom its filters run as.
 */
import { readFile } from 'node:fs/promises';
import { firstFile, outside, type Root } from './root.ts';

/** Debian and OpenSMTPD's own, Alpine and Fedora, OpenBSD, Arch, FreeBSD. */
export const smtpdConfigFiles = [
  '/etc/smtpd.conf',
  '/etc/opensmtpd/smtpd.conf',
  '/etc/mail/smtpd.conf',
  '/etc/smtpd/smtpd.conf',
  '/usr/local/etc/mail/smtpd.conf',
];
const programs = ['/usr/sbin/smtpd', '/usr/local/sbin/smtpd', '/usr/bin/smtpd'];
/** Compiled in: OpenSMTPD's own choice, Debian's, others'. */
const users = ['_smtpd', 'opensmtpd', 'smtpd'];
const units = ['opensmtpd', 'smtpd'].map((name) => `/lib/systemd/system/${name}.service`);

export interface SmtpdPlace {
  readonly program: string;
  /** `6.8.0p2`. */
  readonly version: string;
  /** Null: none of those that are known. */
  readonly configFile: string | null;
  /** Null: none of those that are known. */
  readonly user: string | null;
  /** What an admin types to start it again. */
  readonly restart: string;
}

/** Null where there is no OpenSMTPD, or smtpd does not run; Postfix calls its own otherwise. */
export async function findSmtpd(root: Root): Promise<SmtpdPlace | null> {
  const program = await firstFile(root, programs);
  if (program === null) return null;
  const { stdout, stderr } = await root.run('/', [program, '-h']);
  const version = /OpenSMTPD (\d+\.\d+(?:\.\d+)?\S*)/.exec(`${stdout}\n${stderr}`)?.[1];
  if (version === undefined) return null;
  const passwd = await readFile(outside(root, '/etc/passwd'), 'latin1').catch(() => '');
  const names = new Set(passwd.split('\n').map((line) => line.split(':', 1)[0]));
  const unit = await firstFile(root, units);
  return {
    program,
    version,
    configFile: await firstFile(root, smtpdConfigFiles),
    user: users.find((user) => names.has(user)) ?? null,
    restart: unit
      ? `systemctl restart ${unit.slice(unit.lastIndexOf('/') + 1, -8)}`
      : 'restart smtpd',
  };
}

/** What smtpd says against a configuration; empty if it takes it. */
export async function smtpdComplaints(
  root: Root,
  { program }: SmtpdPlace,
  file: string,
): Promise<string[]> {
  const { status, stdout, stderr } = await root.run('/', [program, '-n', '-f', file]);
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return status === 0 ? [] : said.length > 0 ? said : [`smtpd -n ended with status ${status}`];
}

/** Its control socket answers. */
export async function isSmtpdRunning(root: Root): Promise<boolean> {
  return (await root.run('/', ['smtpctl', 'show', 'status'])).status === 0;
}

/** Why smtpd's user could not run this; null if he can. */
export async function whyNotRunAs(
  root: Root,
  user: string,
  command: string,
): Promise<string | null> {
  const { status, stderr } = await root.run('/', ['su', '-s', '/bin/sh', '-c', command, user]);
  return status === 0 ? null : stderr.trim() || `it ended with status ${status}`;
}
