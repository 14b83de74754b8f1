/**
 * Unknown recipients refused per second: 20 connections, 50 recipients in one piece.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startActor } from '../../test/peers/actor.ts';
import { addresses } from '../../test/peers/network.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import { domain, openScene, type Scene, sender, wantedRecipient } from './scene.ts';
import type { Throughput } from './throughput.ts';

export async function refuse(name: PeerName, scale: number): Promise<Throughput> {
  await using scene = await openScene(name, { recipients: [wantedRecipient] });
  await using flood = await openFlood(scene, 50);
  const { machine } = scene.server;
  await flood.call('begin');
  await sleep(1000);
  await flood.call('counts');
  const before = await machine.cpuSeconds();
  const begin = performance.now();
  await sleep(5000 * scale);
  const { refused, others, odd } = await flood.call('counts');
  const seconds = (performance.now() - begin) / 1000;
  const after = await machine.cpuSeconds();
  await flood.call('end');
  if (odd !== null || others > refused / 100 || refused === 0)
    throw new Error(`${refused} refused, ${others} not; ${odd}`);
  const cpu = before === null || after === null ? null : ((after - before) / refused) * 1000;
  return { perSecond: refused / seconds, cpu };
}

/** 20 connections, quiet at first. */
export async function openFlood({ network }: Scene, recipients: number) {
  return await startActor<typeof import('./flood.ts')>(
    network.world,
    new URL('./flood.ts', import.meta.url),
    { address: addresses.server.v4, port: 25, connections: 20, recipients, sender, domain },
  );
}
