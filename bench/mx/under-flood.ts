/**
 * How long wanted mail takes from acceptance to delivery: in peace, and while 20 connections flood the
 * server with messages to 5 recipients each that do not exist.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startActor } from '../../test/peers/actor.ts';
import { addresses } from '../../test/peers/network.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import { openFlood } from './refuse.ts';
import { openScene, sender, wantedRecipient } from './scene.ts';
import type { WantedResult } from './wanted-mail.ts';

export interface UnderFlood {
  readonly idle: Latency;
  readonly flood: Latency;
  readonly refusedPerSecond: number;
}

/** ms. */
export interface Latency {
  readonly accepted: number;
  readonly arrived: number;
  readonly p50: number;
  readonly p99: number;
  /** From the first command on. */
  readonly wholeP99: number;
}

const messages = 100;
const perSecond = 25;

export async function underFlood(name: PeerName): Promise<UnderFlood> {
  await using scene = await openScene(name, { recipients: [wantedRecipient] });
  await using wanted = await startActor<typeof import('./wanted-mail.ts')>(
    scene.network.world,
    new URL('./wanted-mail.ts', import.meta.url),
    {
      server: { address: addresses.server.v4, port: 25 },
      sink: { host: addresses.sink.v4, port: 25 },
      sender,
      recipient: wantedRecipient,
    },
  );
  await using flood = await openFlood(scene, 5);
  await wanted.call('send', 10, 10, 5000);
  const idle = latency(await wanted.call('send', messages, perSecond, 20_000));
  await flood.call('begin');
  await sleep(500);
  await flood.call('counts');
  const begin = performance.now();
  const flooded = latency(await wanted.call('send', messages, perSecond, 20_000));
  const { refused } = await flood.call('counts');
  const refusedPerSecond = refused / ((performance.now() - begin) / 1000);
  await flood.call('end');
  return { idle, flood: flooded, refusedPerSecond };
}

function latency({ accepted, latencies, whole }: WantedResult): Latency {
  const at = (values: readonly number[], share: number) =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
  return {
    accepted,
    arrived: latencies.length,
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
    wholeP99: at(whole, 0.99),
  };
}
