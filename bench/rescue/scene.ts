/**
 * A real mail server with a drowned queue on a real disk, that sends nothing and takes nothing.
 */
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mta } from '../../src/foreign/queue-entry.ts';
import { openDns } from '../../test/peers/incident.ts';
import { addresses, openNetwork } from '../../test/peers/network.ts';
import type { Peer } from '../../test/peers/peer.ts';
import { openPeer, spools } from '../../test/peers/peers.ts';
import { here, type Place, run } from '../../test/peers/place.ts';
import { cacheFolder, rootOf } from '../../test/peers/roots.ts';
import { type Filled, fillQueue } from './fill.ts';

export interface Scene extends AsyncDisposable {
  readonly server: Peer;
  /** The queue as it is called out here. */
  readonly queue: string;
  readonly filled: Filled;
  /** Seconds. */
  readonly filling: number;
}

const never = '1000h';

/** `counted`: where daemons that serve the server's own tools are to be started. */
export async function openScene(
  mta: Mta,
  entries: number,
  counted: (place: Place) => Place,
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  // Who asks for the server's own name gets an answer at once.
  const { server: own } = addresses;
  const records = { 'mx.host.example': { A: [own.v4], AAAA: [own.v6] } };
  stack.use(await openDns(network, records));
  // With a path of its own out here, for who looks at it from outside.
  const queue = await copyOfSpool(mta);
  stack.defer(() => rm(queue, { recursive: true, force: true }));
  const options = { network, folders: { [spools[mta]]: queue } };
  const server = stack.use(
    mta === 'postfix'
      ? await openPeer.postfix({
          ...options,
          // The queue manager looks at the queue once when it starts, before there is one.
          settings: {
            queue_run_delay: never,
            minimal_backoff_time: never,
            maximal_backoff_time: never,
          },
        })
      : await openPeer[mta](options),
  );
  const { machine } = server;
  // Only Postfix's tool asks a daemon; OpenSMTPD's reads by itself, and only makes the folders here.
  if (mta === 'postfix') {
    await run(counted(machine.place), ['sh', '-c', 'postfix start > /dev/null 2>&1']);
    await machine.listening(25);
  } else if (mta === 'opensmtpd') {
    await server.start();
    await server.stop();
  } else if (mta === 'sendmail') {
    mkdirSync(machine.path('/tmp/none'));
  }
  const begin = performance.now();
  const filled = fillQueue({ mta, folder: queue, entries });
  const filling = (performance.now() - begin) / 1000;
  const kept = stack.move();
  return { server, queue, filled, filling, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** On disk, as Debian sets it up: the server finds what it expects. */
async function copyOfSpool(mta: Mta): Promise<string> {
  const spool = join(await rootOf(mta), spools[mta]);
  const folder = await mkdtemp(join(cacheFolder(), 'bench-'));
  // OpenSMTPD makes its own when it starts, and wants this mode.
  const copy =
    'chmod 711 "$1"; [ -e "$0" ] || exit 0; cp -a "$0/." "$1"; chown --reference="$0" "$1"; chmod --reference="$0" "$1"';
  await run(here, ['sh', '-ec', copy, spool, folder]);
  return folder;
}
