/**
 * What connections cost that say EHLO and then nothing.
 */
import { startActor } from '../../test/peers/actor.ts';
import { addresses } from '../../test/peers/network.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import { openScene, residentMemory } from './scene.ts';

export interface IdleConnections {
  readonly connections: number;
  /** Resident memory in bytes. */
  readonly before: number;
  readonly after: number;
}

export async function idleConnections(
  name: PeerName,
  connections: number,
): Promise<IdleConnections> {
  await using scene = await openScene(name, {});
  const before = await residentMemory(scene.server);
  await using crowd = await startActor<typeof import('./idle-crowd.ts')>(
    scene.network.world,
    new URL('./idle-crowd.ts', import.meta.url),
    { address: addresses.server.v4, port: 25 },
  );
  const open = await crowd.call('open', connections);
  return { connections: open, before, after: await residentMemory(scene.server) };
}
