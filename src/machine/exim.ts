/**
 * The exim program of a machine, and what it says of its own configuration.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureOf } from './failure.ts';
import { firstFile, outside, type Ran, type Root } from './root.ts';

export interface EximProgram {
  readonly root: Root;
  /** Its path inside of the root. */
  readonly path: string;
  run(args: readonly string[], input?: string): Promise<Ran>;
}

const paths = ['/usr/sbin/exim4', '/usr/sbin/exim', '/usr/local/sbin/exim', '/usr/exim/bin/exim'];

/** Null: there is none. */
export async function findEximProgram(root: Root): Promise<EximProgram | null> {
  const path = await firstFile(root, paths);
  if (path === null) return null;
  return { root, path, run: (args, input) => root.run('/', [path, ...args], input) };
}

/** `4.96`; null where the program cannot be run. */
export async function eximVersionOf(program: EximProgram): Promise<string | null> {
  return versionIn(await program.run(['-bV']));
}

function versionIn({ stdout }: Ran): string | null {
  return /^Exim version (\S+)/m.exec(stdout)?.[1] ?? null;
}

/** Value of an option of the main configuration; null where it is not set, or cannot be told. */
export async function eximOptionOf(program: EximProgram, name: string): Promise<string | null> {
  const { status, stdout } = await program.run(['-bP', name]);
  if (status !== 0) return null;
  const prefix = `${name} = `;
  const line = stdout.split('\n').find((text) => text.startsWith(prefix));
  return line?.slice(prefix.length).trim() || null;
}

/** Its version, `4.96`, if it takes its configuration. */
export async function meetExim(
  program: EximProgram,
): Promise<{ readonly version: string } | { readonly problem: string }> {
  const ran = await program.run(['-bV']);
  const version = versionIn(ran);
  return ran.status === 0 && version !== null
    ? { version }
    : { problem: failureOf('exim -bV', ran) };
}

/** What it reads. */
export async function eximConfigFile(
  program: EximProgram,
): Promise<string | { readonly problem: string }> {
  const ran = await program.run(['-bP', 'config_file']);
  const path = ran.stdout.trim();
  if (ran.status === 0 && /^\/.+$/.test(path)) return path;
  return { problem: failureOf('exim -bP config_file', ran) };
}

/** Whether a daemon runs: its number is in a file, which outlives it when it is killed. */
export async function isEximRunning(program: EximProgram, spool: string): Promise<boolean> {
  const { root } = program;
  const told = await eximOptionOf(program, 'pid_file_path');
  const files = [told, '/run/exim4/exim.pid', '/run/exim.pid', join(spool, 'exim-daemon.pid')];
  for (const file of files) {
    if (file === null || !file.startsWith('/')) continue;
    const text = await readFile(outside(root, file), 'latin1').catch(() => '');
    const pid = /^\d+/.exec(text.trim())?.[0];
    if (pid !== undefined && (await isExim(root, pid))) return true;
  }
  return false;
}

/** By the machine's own /proc where it has one, as its processes may have numbers of their own. */
async function isExim(root: Root, pid: string): Promise<boolean> {
  for (const proc of [join(root.folder, 'proc'), '/proc']) {
    const name = await readFile(join(proc, pid, 'comm'), 'latin1').catch(() => null);
    if (name !== null) return name.startsWith('exim');
  }
  return false;
}
