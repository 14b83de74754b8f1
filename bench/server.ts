/**
 * A `spillway run` of its own for one measurement: DNS beside it, journal in a folder that goes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Measured extends AsyncDisposable {
  /** Seconds of CPU used so far, all threads, user and system. */
  cpu(): number;
}

export interface Guard extends Measured {
  /** Ports. */
  readonly socketmap: number;
  readonly milter: number;
  /** Resident memory in bytes. */
  memory(): number;
}

/** On one core, so that the load beside it has the other. `dns` as `HOST:PORT`. */
export async function startGuard(dns: string, core: number): Promise<Guard> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const config = join(folder, 'spillway.toml');
  writeFileSync(
    config,
    `[dns]
    servers = ["${dns}"]
    [verdict]
    public = ["192.0.2.0/24"]
    [smtp]
    listen = []
    [guard]
    socketmap = ["127.0.0.1:0"]
    milter = ["127.0.0.1:0"]
    [store]
    url = "sqlite:${folder}"`,
  );
  const child = spawn(
    'taskset',
    ['-c', String(core), join(root, 'bin/spillway'), 'run', '--config', config],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ports = await readPorts(child);
  const { pid } = child;
  return {
    socketmap: ports.get('socketmap') ?? 0,
    milter: ports.get('milter') ?? 0,
    cpu: () => cpuSeconds(pid),
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readPorts(child: ChildProcess): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  if (!child.stdout) throw new TypeError('no output to read');
  for await (const line of createInterface(child.stdout)) {
    const [, name = '', port] = /^\s+(\w+)\s+127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
    if (port !== undefined) ports.set(name, Number(port));
    if (line.includes('journal')) break;
  }
  child.stdout.resume();
  return ports;
}

/** /proc/PID/stat, fields 14 and 15, in ticks of 10 ms. */
export function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
