/**
 * The exim program of a machine, and what it says of its own configuration.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const { stdout } = await program.run(['-bV']);
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

/** What it reads; null where that cannot be told. */
export async function eximConfigFile(program: EximProgram): Promise<string | null> {
  const { status, stdout } = await program.run(['-bP', 'config_file']);
  const path = stdout.trim();
  return status === 0 && /^\/.+$/.test(path) ? path : null;
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
