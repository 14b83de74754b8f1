/**
 * What a queue of a million messages does to Spillway: how fast it still takes mail, how soon it
 * listens after a start, how much memory it needs.
 */

import { projectInside } from '../../test/peers/machine.ts';
import { spools } from '../../test/peers/peers.ts';
import { run } from '../../test/peers/place.ts';
import { domain, openScene, residentMemory, type Scene, sender, target } from './scene.ts';

export interface LargeQueue {
  readonly messages: number;
  /** Seconds until it listens, with an empty queue and with this one. */
  readonly before: number;
  readonly startup: number;
  /** Resident bytes, after the load with the large queue. */
  readonly memory: number;
  /** Messages accepted per second. */
  readonly empty: number;
  readonly full: number;
}

const load = 20_000;

export async function largeQueue(messages: number): Promise<LargeQueue> {
  await using scene = await openScene('spillway', { queueOnly: true });
  const { server } = scene;
  await accepted(scene, 500);
  const empty = await accepted(scene, load);
  await server.stop();
  const before = await seconds(() => server.start());
  await server.stop();
  await run(
    server.machine.place,
    [
      ...[`${projectInside}/bin/with-node`, `${projectInside}/bench/mx/fill-queue.ts`],
      ...[`sqlite:${spools.spillway}`, String(messages)],
    ],
    { timeout: 600_000 },
  );
  const startup = await seconds(() => server.start());
  await accepted(scene, 500);
  const full = await accepted(scene, load);
  return { messages, before, startup, empty, full, memory: await residentMemory(server) };
}

async function accepted({ tools }: Scene, messages: number): Promise<number> {
  const took = await tools.smtpSource([
    ...['-s', '20', '-l', '4096', '-m', String(messages), '-d'],
    ...['-f', sender, '-t', `bob@${domain}`, target],
  ]);
  return messages / took;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}
