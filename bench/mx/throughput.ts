/**
 * Messages of 4 KB over 20 connections, by Postfix's smtp-source: accepted only, or delivered as well.
 */

import { openSink } from '../../test/peers/counting-sink.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import { domain, openScene, type Scene, sender, target } from './scene.ts';

export interface Throughput {
  readonly perSecond: number;
  /** Of all processes of the server, in ms; null where the kernel does not tell. */
  readonly cpu: number | null;
}

/** Enough messages for some seconds. */
const counts: Readonly<Record<PeerName, number>> = {
  spillway: 20_000,
  postfix: 4000,
  exim: 600,
  sendmail: 1500,
  opensmtpd: 1500,
  haraka: 2000,
};

/** `many`: all messages of a connection over one, else one over each. */
export async function accept(name: PeerName, many: boolean, scale: number): Promise<Throughput> {
  await using scene = await openScene(name, { queueOnly: true });
  await load(scene, 100, many);
  return await measure(scene, count(name, scale), (messages) => load(scene, messages, many));
}

/** Until the last message is at the sink. */
export async function deliver(name: PeerName, many: boolean, scale: number): Promise<Throughput> {
  await using scene = await openScene(name, {});
  await using sink = await openSink(scene.tools);
  const through = async (messages: number) => {
    const before = sink.messages;
    await load(scene, messages, many);
    if (!(await sink.reached(before + messages, 120_000)))
      throw new Error(`${before + messages - sink.messages} of ${messages} did not arrive`);
  };
  await through(100);
  return await measure(scene, count(name, scale), through);
}

function count(name: PeerName, scale: number): number {
  return Math.max(100, Math.round(counts[name] * scale));
}

async function load({ tools }: Scene, messages: number, many: boolean): Promise<void> {
  await tools.smtpSource([
    ...['-s', '20', '-l', '4096', '-m', String(messages), ...(many ? ['-d'] : [])],
    ...['-f', sender, '-t', `bob@${domain}`, target],
  ]);
}

async function measure(
  { server }: Scene,
  messages: number,
  work: (messages: number) => Promise<void>,
): Promise<Throughput> {
  const before = await server.machine.cpuSeconds();
  const begin = performance.now();
  await work(messages);
  const seconds = (performance.now() - begin) / 1000;
  const after = await server.machine.cpuSeconds();
  const cpu = before === null || after === null ? null : ((after - before) / messages) * 1000;
  return { perSecond: messages / seconds, cpu };
}
