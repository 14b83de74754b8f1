/**
 * The DNS that the rescue asks on a machine, apart from the one that its mail server asks: there the black
 * hole is seen, while to the server its name does not resolve, so that it keeps the queue.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import { incidentRecords } from './incident.ts';
import type { Machine } from './machine.ts';
import { addresses, type Network, publicNetworks } from './network.ts';

const port = 5353;

/** Names it in the machine's spillway.toml. Runs until disposed of. */
export async function openRescueDns(
  network: Network,
  machine: Machine,
): Promise<Actor<CallsOf<typeof import('./actors/dns.ts')>>> {
  const { v4 } = addresses.dns;
  await mkdir(machine.path('/etc/spillway'), { recursive: true });
  await writeFile(
    machine.path('/etc/spillway/spillway.toml'),
    `[dns]
servers = ["${v4}:${port}"]
[verdict]
public = ${JSON.stringify(publicNetworks)}
[store]
url = "sqlite:/var/lib/spillway"
`,
  );
  return await startActor<typeof import('./actors/dns.ts')>(
    network.world,
    new URL('./actors/dns.ts', import.meta.url),
    { host: v4, port, records: incidentRecords },
  );
}
