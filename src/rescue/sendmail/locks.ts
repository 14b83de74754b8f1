/**
 * sendmail's own locks on control files, taken and kept so that the running server leaves them alone.
 *
 * Node has neither flock(2) nor fcntl(2), and which of them a sendmail uses was chosen when it was
 * compiled; so a small Perl program takes both, as sendmail's own qtool.pl does. It lives as long as its
 * standard input, which ends with us however we die: no lock outlives its reason.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Missed } from '../mail-server.ts';
import { lockProgram } from './lock-program.ts';

export interface Locks extends AsyncDisposable {
  /** Keeps it until it is let go, removed, or the locks are disposed of. */
  seize(path: string): Promise<Lock | Missed>;
  /**
   * A new file, empty and locked. It is removed with us unless it was placed; what stands there already
   * and nobody has locked, somebody left who died.
   */
  create(path: string): Promise<NewLock | Missed>;
}

export interface Lock {
  /** Removes the locked file, then the others, and lets go. */
  remove(others: readonly string[]): Promise<Missed | null>;
  release(): Promise<void>;
}

export interface NewLock extends Lock {
  /** Renames it to `target`, still locked, and removes `old`, whose lock has to be held. */
  place(target: string, old: string | null): Promise<Missed | null>;
}

/** Nothing of the admin's own changes what perl does, or the language it says it in. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Why no locks can be taken here; null if they can. */
export function whyNoLocks(): string | null {
  const { status, error } = spawnSync('perl', ['-e', 'use Fcntl; use Errno;'], {
    stdio: 'ignore',
    env: environment,
  });
  if (status === 0) return null;
  return `taking sendmail's locks needs perl with its module Fcntl${error ? `, and there is no perl` : ''}`;
}

export function openLocks(): Locks {
  const child = spawn('perl', ['-e', lockProgram], { stdio: 'pipe', env: environment });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('latin1')}`.slice(0, 500);
  });
  const over = () =>
    `problem\tthe perl that holds the locks has ended ${complaint.replaceAll(/\s+/g, ' ')}`.trimEnd();
  const open = new Map<number, (answer: string) => void>();
  let next = 0;
  let isOver = false;
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      isOver = true;
      for (const answer of open.values()) answer(over());
      open.clear();
      resolve();
    };
    child.on('error', end);
    child.on('close', end);
  });
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const tab = line.indexOf('\t');
    const number = Number(line.slice(0, tab));
    open.get(number)?.(line.slice(tab + 1));
    open.delete(number);
  });

  async function ask(command: string, number: number, paths: readonly string[]): Promise<string> {
    if (isOver) return over();
    if (paths.some((path) => /[\t\n]/.test(path)))
      return `problem\ta path with a tab or a line end`;
    return await new Promise((resolve) => {
      open.set(number, resolve);
      child.stdin.write(`${[command, number, ...paths].join('\t')}\n`);
    });
  }

  const lockOn = (number: number, path: string): NewLock => ({
    place: async (target, old) =>
      readAnswer(await ask('place', number, [path, target, ...(old === null ? [] : [old])])),
    remove: async (others) => readAnswer(await ask('remove', number, [path, ...others])),
    async release() {
      await ask('release', number, []);
    },
  });

  return {
    async seize(path) {
      const number = next++;
      return readAnswer(await ask('seize', number, [path])) ?? lockOn(number, path);
    },
    async create(path) {
      const number = next++;
      return readAnswer(await ask('create', number, [path])) ?? lockOn(number, path);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
    },
  };
}

function readAnswer(answer: string): Missed | null {
  const [kind, problem = ''] = answer.split('\t');
  if (kind === 'ok') return null;
  return kind === 'gone' || kind === 'busy' ? kind : { problem };
}
