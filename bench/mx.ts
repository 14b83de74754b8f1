/**
 * What taking mail costs: the same work for Spillway and for five other servers, in one run.
 *
 *   bin/with-node bench/mx.ts [--servers spillway,postfix] [--sections accept,refuse] [--scale 0.2]
 *
 * Every server stands in a machine of its own (test/peers/), its queue on a real disk; the load comes
 * from another network of the same machine, so server and load share its cores. Needs root and Debian.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type PeerName, peerNames } from '../test/peers/peers.ts';
import { whyNot } from '../test/peers/requirements.ts';
import { idleConnections } from './mx/idle-connections.ts';
import { largeQueue } from './mx/large-queue.ts';
import { refuse } from './mx/refuse.ts';
import { bestSettings } from './mx/scene.ts';
import { accept, deliver, type Throughput } from './mx/throughput.ts';
import { underFlood } from './mx/under-flood.ts';

const sections = ['accept', 'deliver', 'refuse', 'flood', 'queue', 'idle'] as const;
const { values: options } = parseArgs({
  options: {
    servers: { type: 'string', default: peerNames.join() },
    sections: { type: 'string', default: sections.join() },
    scale: { type: 'string', default: '1' },
    messages: { type: 'string', default: '1000000' },
  },
});
const wanted = new Set(options.sections.split(','));
const servers = options.servers.split(',').filter((name): name is PeerName => name in bestSettings);
const scale = Number(options.scale);

const missing = await whyNot();
if (missing !== false) {
  console.error(`Skipped: ${missing}.`);
  process.exit();
}
const began = performance.now();
const [cpu] = cpus();
say(`${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
for (const name of servers) say(`- ${name}: ${bestSettings[name]}`);

if (wanted.has('accept')) {
  await throughput('accepted, one message per connection', (name) => accept(name, false, scale));
  await throughput('accepted, many messages per connection', (name) => accept(name, true, scale));
}
if (wanted.has('deliver'))
  await throughput('accepted and delivered, many messages per connection', (name) =>
    deliver(name, true, scale),
  );
if (wanted.has('refuse'))
  await throughput('unknown recipients refused', (name) => refuse(name, scale));
if (wanted.has('flood')) await flood();
if (wanted.has('queue') && servers.includes('spillway')) {
  const { messages, before, startup, memory, empty, full } = await largeQueue(
    Number(options.messages),
  );
  say(`\n| queue of ${messages.toLocaleString('en')} messages | |\n|---|---:|`);
  say(`| accepted per second, empty queue | ${whole(empty)} |`);
  say(`| accepted per second, this queue | ${whole(full)} (${percent(full / empty)}) |`);
  say(`| start until it listens, empty queue | ${before.toFixed(2)} s |`);
  say(`| start until it listens, this queue | ${startup.toFixed(2)} s |`);
  say(`| resident memory after the load | ${megabytes(memory)} |`);
}
if (wanted.has('idle') && servers.includes('spillway')) {
  const { connections, before, after } = await idleConnections('spillway', 10_000);
  say(`\n| ${connections.toLocaleString('en')} idle connections | |\n|---|---:|`);
  say(`| resident memory before | ${megabytes(before)} |`);
  say(`| resident memory with them | ${megabytes(after)} |`);
}
say(`\n${((performance.now() - began) / 60_000).toFixed(1)} minutes in all.`);

async function throughput(
  what: string,
  measure: (name: PeerName) => Promise<Throughput>,
): Promise<void> {
  say(
    `\n| ${what} | per second | CPU ms each | against Spillway | CPU |\n|---|---:|---:|---:|---:|`,
  );
  let own: Throughput | null = null;
  for (const name of servers) {
    const got = await attempt(name, () => measure(name));
    if (!got) continue;
    if (name === 'spillway') own = got;
    const ratio = own ? `${(own.perSecond / got.perSecond).toFixed(1)} times` : '';
    const cpuRatio = own?.cpu && got.cpu ? `1/${(got.cpu / own.cpu).toFixed(1)}` : '';
    const figures = [whole(got.perSecond), got.cpu?.toFixed(3) ?? '', ratio, cpuRatio];
    say(`| ${name} | ${figures.join(' | ')} |`);
  }
}

async function flood(): Promise<void> {
  say(
    '\n| wanted mail, acceptance to delivery | idle p50 / p99 ms | under the flood p50 / p99 ms | whole p99 ms | arrived | refused meanwhile per second |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const name of servers) {
    const got = await attempt(name, () => underFlood(name));
    if (!got) continue;
    const { idle, flood: high, refusedPerSecond } = got;
    const figures = [
      `${idle.p50.toFixed(1)} / ${idle.p99.toFixed(1)}`,
      `${high.p50.toFixed(1)} / ${high.p99.toFixed(1)}`,
      high.wholeP99.toFixed(1),
      `${high.arrived} of ${high.accepted}`,
      whole(refusedPerSecond),
    ];
    say(`| ${name} | ${figures.join(' | ')} |`);
  }
}

/** One server that fails does not end the run of the others. */
async function attempt<T>(name: PeerName, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    say(`| ${name} | failed: ${String(error).replaceAll(/\s+/g, ' ').slice(0, 300)} |`);
    return null;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
