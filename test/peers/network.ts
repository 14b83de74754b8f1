/**
 * Two networks joined by a cable: the mail server's, and the world's with everybody else in it. A
 * second mail server, where one is wanted, has a third of its own, on another cable to the world.
 *
 * One would not do: every address in it would count as the server's own. They have no name and no file,
 * they exist as long as a process sits in them, and that process dies with us: nothing stays behind.
 */
import { once } from 'node:events';
import { here, type Place, run, start } from './place.ts';

/** Blocks reserved for documentation: a guard under test must be told that they count as public. */
export const publicNetworks = ['192.0.2.0/24', '2001:db8:25::/64'] as const;

export const addresses = {
  server: { v4: '192.0.2.10', v6: '2001:db8:25::10' },
  sender: { v4: '192.0.2.20', v6: '2001:db8:25::20' },
  backend: { v4: '192.0.2.30', v6: '2001:db8:25::30' },
  sink: { v4: '192.0.2.40', v6: '2001:db8:25::40' },
  dns: { v4: '192.0.2.53', v6: '2001:db8:25::53' },
  peer: { v4: '192.0.2.60', v6: '2001:db8:25::60' },
} as const;

export interface Network extends AsyncDisposable {
  /** Where the mail server's machine and the guard live. */
  readonly server: Place;
  /** Where DNS, senders, backend and sinks live. */
  readonly world: Place;
  /** Where a second mail server lives. */
  readonly peer: Place;
}

export async function openNetwork(): Promise<Network> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await openNamespace());
  const world = stack.use(await openNamespace());
  const peer = stack.use(await openNamespace());
  const wires = [
    ['wire0', server],
    ['wire1', peer],
  ] as const;
  for (const [name, { pid }] of wires)
    await run(here, [
      ...['ip', 'link', 'add', 'name', 'wire0', 'netns', String(pid)],
      ...['type', 'veth', 'peer', 'name', name, 'netns', String(world.pid)],
    ]);
  const { server: own, peer: others, ...rest } = addresses;
  await connect(server.place, 'wire0', [own]);
  await connect(peer.place, 'wire0', [others]);
  // The world is also the switch between the two.
  await connect(world.place, 'bridge0', Object.values(rest), [
    'link add bridge0 type bridge',
    ...wires.flatMap(([name]) => [`link set ${name} master bridge0`, `link set ${name} up`]),
  ]);
  const kept = stack.move();
  return {
    server: server.place,
    world: world.place,
    peer: peer.place,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Home {
  readonly v4: string;
  readonly v6: string;
}

async function connect(
  place: Place,
  device: string,
  homes: readonly Home[],
  first: readonly string[] = [],
): Promise<void> {
  const lines = homes.flatMap(({ v4, v6 }) => [
    `address add ${v4}/24 dev ${device}`,
    // Without the check for duplicates, which would keep the address unusable for a second.
    `address add ${v6}/64 dev ${device} nodad`,
  ]);
  const input = ['link set lo up', ...first, ...lines, `link set ${device} up`, ''].join('\n');
  await run(place, ['ip', '-batch', '-'], { input });
}

interface Namespace extends AsyncDisposable {
  readonly pid: number;
  readonly place: Place;
}

async function openNamespace(): Promise<Namespace> {
  const command = ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'];
  const child = start(here, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), closed]);
  const pid = child.pid;
  if (pid === undefined || child.exitCode !== null)
    throw new Error('Cannot make a network namespace');
  return {
    pid,
    place: { prefix: ['nsenter', `--net=/proc/${pid}/ns/net`, '--'] },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
