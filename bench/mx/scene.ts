/**
 * One mail server with a queue on a real disk, and around it the world of a benchmark: DNS, load, sink.
 */
import { appendFile } from 'node:fs/promises';
import { openDns } from '../../test/peers/incident.ts';
import { addresses, type Network, openNetwork } from '../../test/peers/network.ts';
import { inHurry } from '../../test/peers/opensmtpd.ts';
import type { Peer, PeerOptions } from '../../test/peers/peer.ts';
import { openPeer, type PeerName, spools } from '../../test/peers/peers.ts';
import { run } from '../../test/peers/place.ts';
import { openTools, type Tools } from '../../test/peers/tools.ts';

export const domain = 'host.example';
/** The one that exists where not all do. */
export const wantedRecipient = `info@${domain}`;
export const sender = 'ann@sender.example';
export const target = `${addresses.server.v4}:25`;

export interface Scene extends AsyncDisposable {
  readonly network: Network;
  readonly tools: Tools;
  readonly server: Peer;
}

/** The server listens; its sink does not yet. */
export async function openScene(name: PeerName, options: Partial<PeerOptions>): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  stack.use(
    await openDns(network, {
      'sender.example': { MX: [[10, 'sender.example']], A: [addresses.sender.v4] },
      [domain]: { MX: [[10, 'mx.host.example']] },
      'mx.host.example': { A: [addresses.server.v4] },
    }),
  );
  const tools = stack.use(await openTools({ network }));
  const server = stack.use(
    await openBest(name, {
      network,
      relay: { [domain]: addresses.sink.v4 },
      onDisk: [spools[name]],
      ...options,
    }),
  );
  // Who connects has a name at once, for those who look for it.
  await appendFile(server.machine.path('/etc/hosts'), `${addresses.sender.v4} sender.example\n`);
  await server.start();
  const kept = stack.move();
  return { network, tools, server, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What each is given so that it is as fast as it can be, for people. */
export const bestSettings: Readonly<Record<PeerName, string>> = {
  spillway:
    'limits for one client lifted (`[smtp.limits]`); accepting only: `[delivery] paused = true`',
  postfix:
    'no reverse look-up, `in_flow_delay = 0`, `initial_destination_concurrency = 20`, error limits and delays lifted; accepting only: straight into the hold queue',
  exim: 'no look-ups of the client, no message logs, spool split into 62 folders, all connection limits lifted; accepting only: `queue_only`',
  sendmail:
    'no greeting pause, no tarpits, load limits out of reach, room for 1,000 waiting connections; accepting only: `DeliveryMode=queueonly`',
  opensmtpd:
    'limits of messages and recipients per session lifted, no rest between connections; accepting only: `smtpctl pause mta`',
  haraka:
    'a process for each core (`nodes=cpus`), warnings only in the log; accepting only: outbound disabled',
};

/** As one of ours, so that no SPF is asked: the others ask for none either. */
const loadNetwork = '192.0.2.0/24';

const openLimits =
  'limits = { connections = 100000, connectionsPerClient = 100000, arrivalsPerClient = 10000000, messagesPerSession = 10000000, errorsPerSession = 100000, unknownPerSession = 10000000, unknownPerClient = 10000000 }';

/** Set up as `bestSettings` tells, and not started. */
export async function openBest(name: PeerName, options: PeerOptions): Promise<Peer> {
  switch (name) {
    case 'spillway':
      return await openPeer.spillway({ clients: [loadNetwork], ...options, smtp: openLimits });
    case 'postfix':
      return await openPeer.postfix({
        ...options,
        settings: {
          smtpd_peername_lookup: 'no',
          in_flow_delay: '0',
          initial_destination_concurrency: '20',
          smtpd_soft_error_limit: '1000000000',
          smtpd_hard_error_limit: '1000000000',
          smtpd_client_connection_count_limit: '0',
        },
      });
    case 'opensmtpd':
      return await openPeer.opensmtpd({ ...options, lines: [inHurry] });
    default:
      return await openPeer[name](options);
  }
}

/** Resident memory of all its processes, in bytes; shared pages count once for each. */
export async function residentMemory({ machine }: Peer): Promise<number> {
  const text = await run(machine.place, ['ps', '-e', '-o', 'rss=']);
  return text.split('\n').reduce((sum, line) => sum + Number(line.trim()) * 1024, 0);
}
