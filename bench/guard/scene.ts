/**
 * One variant of a server in a world of its own: strangers who bring mail, the DNS of their domains, a
 * sink where it goes. It stays open over all rounds, so that everything in it is warm.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { type Actor, type CallsOf, startActor } from '../../test/peers/actor.ts';
import { type CountingSink, openSink } from '../../test/peers/counting-sink.ts';
import { type CpuGroup, openCpuGroup } from '../../test/peers/cpu-group.ts';
import { openDns } from '../../test/peers/incident.ts';
import type { Machine } from '../../test/peers/machine.ts';
import { addresses, openNetwork } from '../../test/peers/network.ts';
import { spools } from '../../test/peers/peers.ts';
import { openTools } from '../../test/peers/tools.ts';
import { until } from '../../test/peers/until.ts';
import { domain, openBest, wantedRecipient } from '../mx/scene.ts';
import type { GuardedName, Variant } from './variant.ts';

type Strangers = Actor<CallsOf<typeof import('./strangers.ts')>>;

export interface Scene extends AsyncDisposable {
  readonly strangers: Strangers;
  readonly sink: CountingSink;
  /** Seconds of CPU so far, of the server and of who is beside it. */
  cpu(): Promise<{ readonly server: number | null; readonly companion: number | null }>;
}

const mx = 'mx.stranger.example';
const records = {
  [domain]: { MX: [[10, 'mx.host.example']] },
  'mx.host.example': { A: [addresses.server.v4] },
  '*.known.example': { MX: [[10, mx]] },
  '*.fresh.example': { MX: [[10, mx]] },
  // rspamd looks whether somebody listens there.
  [mx]: { A: [addresses.sink.v4] },
} as const;

export interface LoadOptions {
  readonly connections: number;
  readonly messagesPerConnection: number;
}

/** Resolves when the server takes mail. */
export async function openScene(
  name: GuardedName,
  variant: Variant,
  load: LoadOptions,
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  stack.use(await openDns(network, records, 86_400));
  const tools = stack.use(await openTools({ network }));
  const sink = stack.use(await openSink(tools));
  const group = stack.use(await openCpuGroup());
  const server = stack.use(
    await openBest(name, {
      network,
      relay: { [domain]: addresses.sink.v4 },
      onDisk: [spools[name]],
      ...(variant.root === undefined ? {} : { root: variant.root }),
    }),
  );
  const { machine } = server;
  await variant.prepare?.(machine);
  if (variant.companion)
    stack.use(await variant.companion({ ...machine, place: group.join(machine.place) }));
  await server.start();
  const { children } = variant;
  if (children && !(await until(() => adopt(machine, children, group), 30_000)))
    throw new Error(`No process matches ${children}`);
  const strangers = stack.use(
    await startActor<typeof import('./strangers.ts')>(
      network.world,
      new URL('./strangers.ts', import.meta.url),
      { address: addresses.server.v4, port: 25, recipient: wantedRecipient, ...load },
    ),
  );
  const kept = stack.move();
  return {
    strangers,
    sink,
    cpu: async () => ({
      server: await machine.cpuSeconds(),
      companion: variant.companion ? await group.seconds() : null,
    }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Moves processes of the machine whose command line matches into the group; false where there is none. */
async function adopt({ path }: Machine, pattern: RegExp, group: CpuGroup): Promise<boolean> {
  const space = await readlink(path('/proc/1/ns/pid'));
  let found = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // It may end in this moment.
    const own = await readlink(`/proc/${pid}/ns/pid`).catch(() => '');
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (own !== space || !pattern.test(line.replaceAll('\0', ' '))) continue;
    await group.adopt(Number(pid));
    found++;
  }
  return found > 0;
}
