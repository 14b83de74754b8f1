/**
 * A small world around an Exim that relays one domain to a backend, which knows only `info@` of it.
 */
import { type Actor, type CallsOf, startActor } from './actor.ts';
import { addresses, type Network } from './network.ts';

export type World = Actor<CallsOf<typeof import('./actors/world.ts')>>;

export const toBakery = { 'bakery.example': addresses.backend.v4 } as const;

const records = {
  'mx.host.example': { A: [addresses.server.v4] },
  'bakery.example': { MX: [[10, 'mx.host.example']] },
  'seaton.biz': { MX: [[10, 'lo.seaton.biz']] },
  'lo.seaton.biz': { A: ['127.0.0.1'] },
  'good.example': { MX: [[10, 'mx.good.example']] },
  'mx.good.example': { A: [addresses.sink.v4] },
} as const;

export async function openWorld(network: Network): Promise<World> {
  return await startActor<typeof import('./actors/world.ts')>(
    network.world,
    new URL('./actors/world.ts', import.meta.url),
    { records },
  );
}

export function message(reversePath: string, forwardPath: string) {
  return { reversePath, forwardPaths: [forwardPath], content: 'Subject: test\n\nhello\n' };
}
