/**
 * OpenSMTPD on a machine: its program, its version, its configuration, whom its filters run as.
 */
import { readFile } from 'node:fs/promises';
import { failureOf, saidBy } from './failure.ts';
import { firstFile, outside, type Ran, type Root } from './root.ts';

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

/**
 * Null where there is no OpenSMTPD: Postfix calls one of its own programs smtpd as well. A problem where smtpd was not
 * run at all.
 */
export async function findSmtpd(
  root: Root,
): Promise<SmtpdPlace | { readonly problem: string } | null> {
  const program = await firstFile(root, programs);
  if (program === null) return null;
  const ran = await root.run('/', [program, '-h']);
  const version = /OpenSMTPD (\d+\.\d+(?:\.\d+)?\S*)/.exec(`${ran.stdout}\n${ran.stderr}`)?.[1];
  if (version === undefined)
    return wasRun(ran) ? null : { problem: failureOf(`${program} -h`, ran) };
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

/** By a shell, which ends with 126 or 127 where it cannot. */
function wasRun({ status }: Ran): boolean {
  return status !== null && status < 126;
}

/** What smtpd says against a configuration; empty if it takes it. */
export async function smtpdComplaints(
  root: Root,
  { program }: SmtpdPlace,
  file: string,
): Promise<string[]> {
  return smtpdComplaintsIn(await root.run('/', [program, '-n', '-f', file]));
}

/** In what `smtpd -n` said. */
export function smtpdComplaintsIn(ran: Ran): string[] {
  if (ran.status === 0) return [];
  const said = saidBy(ran);
  // Faults of the text end it with 1.
  return ran.status === 1 && said.length > 0 ? said : [failureOf('smtpd -n', ran)];
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
  const ran = await root.run('/', ['su', '-s', '/bin/sh', '-c', command, user]);
  return ran.status === 0 ? null : failureOf('it', ran);
}
