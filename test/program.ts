/**
 * The program as a user has it: the launcher, in a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../bin/spillway', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Not spawnSync: servers of the test live in this process. */
export async function spillway(...args: readonly string[]): Promise<Ended> {
  return await end(spawn(launcher, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** The same with something on its standard input. */
export async function spillwayWith(input: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(launcher, args, { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  return await end(child);
}

async function end(child: ChildProcess): Promise<Ended> {
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const [status] = await once(child, 'close');
  return { status, out: out(), err: err() };
}

export function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

export interface Running {
  readonly child: ChildProcess;
  /** By the name of the listener, in the order of the configuration. */
  readonly ports: ReadonlyMap<string, number>;
  readonly welcome: string;
  /** What it has logged so far. */
  log(): string;
  /** Resolves once the log contains the text so many times. */
  logged(text: string, times?: number): Promise<void>;
  /** SIGTERM, and its exit status. */
  stop(): Promise<number | null>;
}

/** `spillway run`; resolves once it says what listens. Killed when the test is over. */
export async function startServer(t: TestContext, config: string): Promise<Running> {
  const child = spawn(launcher, ['run', '--config', config], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const err = collect(child.stderr);
  const ports = new Map<string, number>();
  let welcome = '';
  for await (const line of createInterface(child.stdout)) {
    welcome += `${line}\n`;
    const [, name, port] = /^ {2}(\w+) +127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
    if (name !== undefined) ports.set(name, Number(port));
    if (line.startsWith('  journal')) break;
  }
  if (welcome === '') throw new Error(`it does not run: ${err()}`);
  child.stdout.resume();
  return {
    child,
    ports,
    welcome,
    log: err,
    async logged(text, times = 1) {
      while (err().split(text).length <= times) await once(child.stderr, 'data');
    },
    async stop() {
      child.kill('SIGTERM');
      const [status] = await once(child, 'exit');
      return status;
    },
  };
}
