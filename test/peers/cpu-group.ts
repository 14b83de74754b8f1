/**
 * A control group of version 2 for what is to be measured together: its statistics of CPU time need no
 * controller. Where the kernel has none, nothing is counted.
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './place.ts';
import { isAlive } from './process-number.ts';

export interface CpuGroup extends AsyncDisposable {
  /** The same place; what is run there belongs to the group, with all its children and daemons. */
  join(place: Place): Place;
  /** Takes in a process that runs already, by its number on this machine. */
  adopt(pid: number): Promise<void>;
  /** Seconds of CPU so far; null without control groups. */
  seconds(): Promise<number | null>;
}

let groups = 0;

/** When it is disposed of, its processes must have ended. */
export async function openCpuGroup(): Promise<CpuGroup> {
  const group = await makeGroup();
  if (group === null)
    return {
      join: (place) => place,
      adopt: async () => {},
      seconds: async () => null,
      [Symbol.asyncDispose]: async () => {},
    };
  const enter = ['sh', '-c', 'echo $$ > "$0"; exec "$@"', `${group}/cgroup.procs`];
  return {
    join: (place) => ({ ...place, prefix: [...enter, ...place.prefix] }),
    adopt: (pid) => writeFile(`${group}/cgroup.procs`, String(pid)),
    async seconds() {
      const found = /^usage_usec (\d+)/m.exec(await readFile(`${group}/cpu.stat`, 'utf8'));
      return found ? Number(found[1]) / 1e6 : null;
    },
    [Symbol.asyncDispose]: () => removeGroup(group),
  };
}

async function makeGroup(): Promise<string | null> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const top = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (top === undefined) return null;
  await removeStale(top);
  const group = join(top, `spillway-${process.pid}-${groups++}`);
  return await mkdir(group).then(
    () => group,
    () => null,
  );
}

/** Groups of tests that were killed; one in use cannot be removed. */
async function removeStale(top: string): Promise<void> {
  for (const name of await readdir(top)) {
    const owner = /^spillway-(\d+)-\d+$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)))
      await rmdir(join(top, name)).catch(() => undefined);
  }
}

/** The last process has just ended; the kernel may need a moment to see that. */
async function removeGroup(group: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const isGone = await rmdir(group).then(
      () => true,
      () => false,
    );
    if (isGone) return;
    await sleep(10);
  }
}
