/**
 * A machine for one mail server: its root under a layer in memory, its own processes, host name and
 * mounts, on the server's side of a network of ours.
 *
 * Everything of it ends with its first process, and that one with us: the layer, the mounts and every
 * daemon, also when the tests are killed.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openCpuGroup } from './cpu-group.ts';
import { addresses, type Network } from './network.ts';
import { type Place, run, start } from './place.ts';
import { isAlive } from './process-number.ts';
import type { ServerName } from './recipes.ts';
import { cacheFolder, rootOf } from './roots.ts';

export interface MachineOptions {
  readonly network: Network;
  /** A root with more in it than the server's own. */
  readonly root?: ServerName;
  /** Default `mx.host.example`. */
  readonly hostName?: string;
  /** Default the DNS server of the world. */
  readonly nameservers?: readonly string[];
  /** Which network it stands in; default the mail server's. */
  readonly side?: 'server' | 'world' | 'peer';
  /** Folders of this machine that are seen inside: path inside -> path out here. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Folders inside that are to lie on a real disk, not in memory: what is synced there costs time. */
  readonly onDisk?: readonly string[];
}

export interface Machine extends AsyncDisposable {
  /** Inside: its files, processes, network and host name. */
  readonly place: Place;
  readonly hostName: string;
  /** A file of the machine as it is called out here. */
  path(inside: string): string;
  /** Runs a command whose CPU time, with that of all its children and daemons, counts. */
  runCounted(command: readonly string[]): Promise<string>;
  /** Seconds of CPU that runCounted has cost so far; null where the kernel has no cgroups. */
  cpuSeconds(): Promise<number | null>;
  /** Lines of its system log so far. */
  log(): Promise<string[]>;
  /** Resolves when somebody listens on the TCP port, of any family; throws after 30 s. */
  listening(port: number): Promise<void>;
  /** TCP connections to port 25 that it has opened to itself, through any of its addresses. */
  selfConnections(): Promise<number>;
}

/** Where the sources of Spillway are inside a machine. */
export const projectInside = '/srv/spillway';
const project = fileURLToPath(new URL('../..', import.meta.url));

const boot = `
set -e
mount -t tmpfs -o mode=755 tmpfs "$2"
cd "$2"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=$1,upperdir=upper,workdir=work" root 2>/dev/null ||
  cp -a "$1/." root
hostname "$3"
shift 3
while [ "$#" -gt 0 ]; do
  mkdir -p "root$1"
  # A folder on disk begins with what the root has in its place.
  if [ "$3" = copy ]; then cp -a "root$1/." "$2"; chown --reference="root$1" "$2"; chmod --reference="root$1" "$2"; fi
  mount --bind "$2" "root$1"
  shift 3
done
# /proc is still that of the tests here, and so is the number.
read -r pid rest < /proc/self/stat
mount -t proc proc root/proc
exec chroot root sh -c 'echo "$0"; sleep infinity & wait' "$pid"
`;

// The first packet of a connection to itself always goes through the loopback interface. It may come
// again when the listener is slow, with the same sequence number.
const connectionCounter = `
table inet spillway {
  set self { typeof tcp sport . tcp sequence; size 1000000; flags dynamic; }
  chain out {
    type filter hook output priority 0;
    oifname "lo" tcp dport 25 tcp flags & (syn | ack) == syn add @self { tcp sport . tcp sequence }
  }
}
`;

export async function openMachine(server: ServerName, options: MachineOptions): Promise<Machine> {
  const { network, hostName = 'mx.host.example', side = 'server' } = options;
  const nameservers = options.nameservers ?? [addresses.dns.v4];
  const root = await rootOf(options.root ?? server);
  const mountPoint = join(cacheFolder(), 'machine');
  await mkdir(mountPoint, { recursive: true });

  const apart = ['unshare', '--mount', '--pid', '--uts', '--fork', '--kill-child'];
  await using stack = new AsyncDisposableStack();
  const folders = Object.entries({ [projectInside]: project, ...options.folders });
  const mounts = folders.flatMap(([inside, outside]) => [inside, outside, 'bind']);
  for (const inside of options.onDisk ?? []) {
    const folder = await makeDisk();
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    mounts.push(inside, folder, 'copy');
  }
  const script = ['sh', '-c', boot, 'boot', root, mountPoint, hostName, ...mounts];
  const child = start(network[side], [...apart, ...script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const first: unknown[] = child.stdout
    ? await Promise.race([once(child.stdout, 'data'), closed])
    : [];
  const pid = Number.parseInt(String(first[0]), 10);
  if (child.exitCode !== null || !(pid > 0)) throw new Error(`Cannot start a machine in ${root}`);

  const place: Place = {
    prefix: ['nsenter', `--target=${pid}`, '--mount', '--pid', '--uts', '--net', '--root', '--wd'],
    ownPids: true,
  };
  const path = (inside: string) => `/proc/${pid}/root${inside}`;
  const group = stack.use(await openCpuGroup());
  const own = addresses[side === 'world' ? 'sender' : side];

  await writeFile(
    path('/etc/resolv.conf'),
    `${nameservers.map((address) => `nameserver ${address}\n`).join('')}options timeout:2 attempts:2\n`,
  );
  await writeFile(path('/etc/hostname'), `${hostName}\n`);
  await writeFile(
    path('/etc/hosts'),
    `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${own.v4} ${hostName} ${hostName.split('.')[0]}\n`,
  );
  await run(place, ['nft', '-f', '-'], { input: connectionCounter });
  const logFile = '/var/log/mail.log';
  const syslog = `busybox syslogd -S -O ${logFile} >/dev/null 2>&1 && until [ -S /dev/log ]; do sleep 0.01; done`;
  await run(place, ['sh', '-c', syslog]);

  const kept = stack.move();
  return {
    place,
    hostName,
    path,
    runCounted: (command) => run(group.join(place), command),
    cpuSeconds: () => group.seconds(),
    async log() {
      const text = await readFile(path(logFile), 'utf8').catch(() => '');
      return text.split('\n').slice(0, -1);
    },
    async listening(port) {
      const sockets = [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`];
      const hex = port.toString(16).toUpperCase().padStart(4, '0');
      const pattern = new RegExp(`:${hex} [0-9A-F]+:0000 0A `);
      for (let i = 0; i < 3000; i++) {
        for (const file of sockets) if (pattern.test(await readFile(file, 'latin1'))) return;
        await sleep(10);
      }
      throw new Error(`Nobody listens on port ${port} of ${hostName}`);
    },
    async selfConnections() {
      const text = await run(place, ['nft', 'list', 'set', 'inet', 'spillway', 'self']);
      const elements = /elements = \{([^}]*)\}/.exec(text)?.[1];
      return elements === undefined ? 0 : elements.split(',').length;
    },
    async [Symbol.asyncDispose]() {
      // Its first process, inside, dies with this one; `closed` waits for both.
      child.kill('SIGKILL');
      await closed;
      await kept.disposeAsync();
    },
  };
}

/** A folder on disk; those of tests that were killed are removed. */
async function makeDisk(): Promise<string> {
  for (const name of await readdir(cacheFolder())) {
    const owner = /^disk-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)))
      await rm(join(cacheFolder(), name), { recursive: true, force: true });
  }
  return await mkdtemp(join(cacheFolder(), `disk-${process.pid}-`));
}
