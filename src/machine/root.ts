/**
 * The machine that the mail server runs on: this one, or a folder that holds the root of another.
 */
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';

export interface Root {
  /** `/`, or the folder. */
  readonly folder: string;
  /** Runs a program of that machine in a folder of it; text is latin1. */
  run(folder: string, command: readonly string[], input?: string): Promise<Ran>;
}

export interface Ran {
  /** Exit status; null if the program could not be started, was killed, or took too long. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As Linux has it (MAXSYMLINKS). */
const mostLinks = 40;

/**
 * The file behind symbolic links, those of folders above it too, which are followed inside of the root. Where they go
 * round in circles, a path at which nothing can be.
 */
export function realFile(root: Pick<Root, 'folder'>, path: string): string {
  let real = '/';
  let links = 0;
  const left = namesOf(path);
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') real = dirname(real);
    else {
      const target = linkAt(join(root.folder, real, name));
      if (target === null) real = join(real, name);
      else {
        if (++links > mostLinks) return `${join(real, name)}/a symbolic link in circles`;
        if (target.startsWith('/')) real = '/';
        left.unshift(...namesOf(target));
      }
    }
  }
  return real;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Where a file of the machine is for us. */
export function outside(root: Pick<Root, 'folder'>, path: string): string {
  return join(root.folder, realFile(root, path));
}

export async function isFile(root: Root, path: string): Promise<boolean> {
  const found = await stat(outside(root, path)).catch(() => null);
  return found?.isFile() ?? false;
}

/** Configurations are smaller. */
const longestText = 16 * 1024 * 1024;

/**
 * A file of the machine, in latin1: no pipe is waited for, and no device read without end. A fault tells what was
 * expected and what was found.
 */
export async function readText(
  root: Pick<Root, 'folder'>,
  path: string,
): Promise<string | { readonly problem: string }> {
  const fault = (found: string) => ({
    problem: `${path}: expected a file of text, found ${found}`,
  });
  const file = outside(root, path);
  try {
    const found = await stat(file);
    if (found.isDirectory()) return fault('a folder');
    if (!found.isFile()) return fault('no regular file');
    if (found.size > longestText) return fault(`${found.size} bytes, more than ${longestText}`);
    return await readFile(file, 'latin1');
  } catch (error) {
    return fault(errorCode(error) === 'ENOENT' ? 'none' : errorText(error));
  }
}

/** The first of the paths that is a file; null if none is. */
export async function firstFile(root: Root, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await isFile(root, path)) return path;
  return null;
}

const timeout = 60_000;
const mostOutput = 16 * 1024 * 1024;

/** Programs of a root other than `/` are run by chroot(8). */
export function openRoot(folder: string): Root {
  const prefix = folder === '/' ? [] : ['chroot', folder];
  return { folder, run: (at, command, input) => runCommand(prefix, at, command, input) };
}

async function runCommand(
  prefix: readonly string[],
  folder: string,
  command: readonly string[],
  input = '',
): Promise<Ran> {
  const within = ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command];
  const [program = '', ...args] = [...prefix, ...within];
  const child = spawn(program, args, {
    stdio: 'pipe',
    timeout,
    killSignal: 'SIGKILL',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  for (const [stream, chunks] of [
    [child.stdout, out],
    [child.stderr, err],
  ] as const)
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostOutput) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
  // A program that ends without reading its input is judged by its status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(Buffer.from(input, 'latin1'));
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('latin1');
  return await new Promise((done) => {
    child.on('error', (error) => done({ status: null, stdout: '', stderr: error.message }));
    child.on('close', (status) => done({ status, stdout: text(out), stderr: text(err) }));
  });
}
