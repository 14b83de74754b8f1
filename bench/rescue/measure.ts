/**
 * Runs a command to its end and tells what it took: time, CPU and memory of all its processes, and what
 * the rest of the machine did meanwhile.
 */
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Place, start } from '../../test/peers/place.ts';

export interface Taken {
  /** Wall clock. */
  readonly seconds: number;
  readonly cpu: number;
  /** Octets: the most that its processes, daemons that serve it included, had resident together. */
  readonly memory: number;
  /** 0 to 1: cores that others kept busy, of all. Above a twentieth the figures are not worth much. */
  readonly others: number;
}

/** A control group for everything that counts. */
export interface Meter extends Disposable {
  /** Runs it there; what it prints is thrown away, or given to `read`. Throws unless it ends well. */
  measure(place: Place, command: readonly string[], read?: (text: string) => void): Promise<Taken>;
  /** The same place, but what is started there counts. */
  counted(place: Place): Place;
}

/** ms between two looks at the memory. */
const interval = 10;
const ticksPerSecond = 100;

/** Throws where the kernel has no control groups of version 2. */
export function openMeter(): Meter {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const top = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (top === undefined) throw new Error('needs control groups of version 2');
  const group = join(top, `spillway-bench-${process.pid}`);
  mkdirSync(group);
  const enter = ['sh', '-c', 'echo $$ > "$0"; exec "$@"', join(group, 'cgroup.procs')];
  const counted = ({ prefix, ...rest }: Place): Place => ({
    ...rest,
    prefix: [...enter, ...prefix],
  });
  const cpu = () =>
    Number(/^usage_usec (\d+)/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8'))?.[1]) / 1e6;

  return {
    counted,
    async measure(place, command, read) {
      const before = new Set(processesOf(group));
      const [busy, own, begin] = [busySeconds(), cpu(), performance.now()];
      const child = start(counted(place), command, {
        stdio: ['ignore', read ? 'pipe' : 'ignore', 'inherit'],
      });
      let memory = 0;
      const look = setInterval(() => {
        memory = Math.max(memory, residentOf(group, before));
      }, interval);
      const chunks: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      const [status] = await once(child, 'close');
      clearInterval(look);
      const seconds = (performance.now() - begin) / 1000;
      const used = cpu() - own;
      if (status !== 0) throw new Error(`${command.join(' ')}: ended by ${status}`);
      read?.(Buffer.concat(chunks).toString('latin1'));
      const others = (busySeconds() - busy - used) / seconds / availableParallelism();
      return { seconds, cpu: used, memory, others: Math.max(0, others) };
    },
    [Symbol.dispose]() {
      try {
        rmdirSync(group);
      } catch {
        // A daemon is still ending; an empty group costs nothing.
      }
    },
  };
}

function processesOf(group: string): string[] {
  return readFileSync(join(group, 'cgroup.procs'), 'latin1').split('\n').slice(0, -1);
}

/** Postfix's postqueue only prints: its daemon showq reads, and stays for the next time. */
const servants = new Set(['showq']);

function residentOf(group: string, before: ReadonlySet<string>): number {
  let sum = 0;
  for (const pid of processesOf(group)) {
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, 'latin1');
    } catch {
      continue; // It has just ended.
    }
    const name = /^Name:\s+(\S+)/m.exec(status)?.[1] ?? '';
    if (before.has(pid) && !servants.has(name)) continue;
    sum += Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  }
  return sum;
}

/** Of all cores, since the machine started: all but idle and waiting. */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
