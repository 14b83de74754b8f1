/**
 * sendmail on a machine: its program, its configuration, its daemon.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstFile, isFile, outside, type Root } from './root.ts';

export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'fault'; readonly problem: string };

export const cfPlaces = ['/etc/mail/sendmail.cf', '/etc/sendmail.cf', '/usr/lib/sendmail.cf'];
/** Of the program that hands mail of this machine to the daemon, and has a queue of its own. */
export const submitCfPlaces = ['/etc/mail/submit.cf', '/etc/submit.cf'];

const programPlaces = ['/usr/sbin/sendmail', '/usr/lib/sendmail', '/usr/libexec/sendmail/sendmail'];

const pidFiles = [
  '/var/run/sendmail/mta/sendmail.pid',
  '/run/sendmail/mta/sendmail.pid',
  '/var/run/sendmail.pid',
  '/run/sendmail.pid',
];

/** Written by the daemon when it starts; null if it does not run. */
export async function findPidFile(root: Root): Promise<string | null> {
  return await firstFile(root, pidFiles);
}

/** Whether the process that wrote the pid file still lives. */
export async function isDaemonRunning(root: Root): Promise<boolean> {
  const file = await findPidFile(root);
  if (file === null) return false;
  const text = await readFile(outside(root, file), 'latin1').catch(() => '');
  const pid = /^\s*(\d{1,10})\s/.exec(text)?.[1];
  if (pid === undefined) return false;
  // Numbers mean something only there where the machine sees its own processes.
  const processes = join(root.folder, 'proc');
  const title = await readFile(join(processes, pid, 'cmdline'), 'latin1').catch(() => null);
  if (title !== null) return title.includes('sendmail');
  if (await isFile(root, '/proc/version')) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    // Somebody else's process is one.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Postfix, Exim and others install a program of that name as well; see meetSendmail. */
export async function findSendmail(root: Root): Promise<string | null> {
  return await firstFile(root, programPlaces);
}

export interface SendmailProgram {
  readonly path: string;
  readonly version: string;
  /** `SOCKETMAP`, `MILTER`, ... */
  readonly features: ReadonlySet<string>;
}

/** Postfix, Exim and others install a program of that name as well. */
export async function meetSendmail(root: Root, path: string): Promise<Found<SendmailProgram>> {
  const { stdout, stderr } = await root.run('/', [path, '-d0.1', '-bt']);
  const version = /^Version (\S+)/m.exec(stdout)?.[1];
  const compiled = /Compiled with:([\s\S]*?)\n\s*\n/.exec(stdout)?.[1] ?? '';
  if (version === undefined) {
    const said = (stderr || stdout).trim().split('\n')[0] ?? '';
    return { kind: 'fault', problem: `${path} is not sendmail${said ? `: ${said}` : ''}` };
  }
  const features = new Set(compiled.split(/\s+/).filter(Boolean));
  return { kind: 'found', value: { path, version, features } };
}
