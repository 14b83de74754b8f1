/**
 * What looking through a drowned queue costs: the same queue for Spillway and for the server's own tools,
 * in one run.
 *
 *   bin/with-node bench/rescue.ts [--servers postfix,exim] [--entries 200000] [--rounds 3] [--apply]
 *
 * `--apply` also has what is proposed carried out at the end, with the server stopped.
 *
 * The queue lies on a real disk and its files are in the kernel's memory: everybody goes through it once
 * before it counts. The rounds are interleaved, figures are medians. Needs root and Debian.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Mta, mtas } from '../src/foreign/queue-entry.ts';
import { startDnsServer } from '../src/replay/dns-server.ts';
import { here, type Place } from '../test/peers/place.ts';
import { whyNot } from '../test/peers/requirements.ts';
import { cacheFolder } from '../test/peers/roots.ts';
import { firstCauses } from './rescue/first-causes.ts';
import { type Meter, openMeter, type Taken } from './rescue/measure.ts';
import { openScene } from './rescue/scene.ts';
import { type Tool, toolsOf } from './rescue/tools.ts';
import { distinctDomains, queueZone } from './rescue/zone.ts';

const { values: options } = parseArgs({
  options: {
    servers: { type: 'string', default: mtas.join() },
    entries: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    apply: { type: 'boolean', default: false },
  },
});
const entries = Number(options.entries);
const spillway = fileURLToPath(new URL('../bin/spillway', import.meta.url));

const missing = await whyNot();
if (missing !== false) {
  console.error(`Skipped: ${missing}.`);
  process.exit();
}
const [cpu] = cpus();
say(`${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
for (const mta of mtas) if (options.servers.split(',').includes(mta)) await compare(mta);

interface Contender extends Tool {
  readonly place: Place;
  readonly rounds: Taken[];
}

async function compare(mta: Mta): Promise<void> {
  using meter = openMeter();
  const asked = new Map<string, number>();
  await using dns = await startDnsServer({
    records: queueZone(),
    onQuery: ({ name, type }) => {
      const key = `${name.toLowerCase()} ${type}`;
      asked.set(key, (asked.get(key) ?? 0) + 1);
    },
  });
  await using scene = await openScene(mta, entries, meter.counted);
  const { filled, filling, queue, server } = scene;
  say(
    `\n## ${server.title}\n\n${whole(entries)} entries, ${whole(filled.files)} files, ${whole(filled.bytes / 1e6)} MB, made in ${filling.toFixed(1)} s\n`,
  );
  const rescue = [
    ...[spillway, 'rescue', '--mta', mta, '--queue', queue],
    ...['--dns', dns.address, '--public', '192.0.2.0/24'],
  ];
  const own: Contender = {
    name: 'spillway rescue --json',
    command: [...rescue, '--json'],
    count: (output) => JSON.parse(Buffer.from(output, 'latin1').toString()).entries,
    place: here,
    rounds: [],
  };
  const others = toolsOf[mta].map((tool) => ({ ...tool, place: server.machine.place, rounds: [] }));
  const contenders: readonly Contender[] = [own, ...others];

  for (const { name, command, place, count } of contenders)
    await meter.measure(place, command, (output) => {
      const counted = count(output);
      if (counted !== null && counted !== entries) say(`${name} finds ${counted} entries!\n`);
    });
  const questions = [...asked.values()].reduce((sum, times) => sum + times, 0);
  const most = [...asked.values()].reduce((max, times) => Math.max(max, times), 0);
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { command, place, rounds } of contenders)
      rounds.push(await meter.measure(place, command));

  const base = median(own.rounds, 'seconds');
  say('| | entries per second | seconds | CPU s | peak MB | Spillway is faster | others busy |');
  say('|---|---:|---:|---:|---:|---:|---:|');
  for (const { name, rounds } of contenders) {
    const seconds = median(rounds, 'seconds');
    const figures = [
      whole(entries / seconds),
      seconds.toFixed(2),
      median(rounds, 'cpu').toFixed(2),
      whole(Math.max(...rounds.map(({ memory }) => memory)) / 1e6),
      rounds === own.rounds ? '' : `${(seconds / base).toFixed(1)} times`,
      `${whole(Math.max(...rounds.map((one) => one.others)) * 100)}%`,
    ];
    say(`| ${name} | ${figures.join(' | ')} |`);
  }
  const first = await firstCauses(rescue);
  say(
    `\nFirst causes on the screen after ${first === null ? '? (none seen)' : `${first.toFixed(2)} s`}.`,
  );
  if (options.apply) await applyAll(mta, meter, rescue);
  say(
    `${whole(questions)} DNS questions for ${whole(distinctDomains)} distinct domains, no name and type asked more than ${most} times.`,
  );
}

async function applyAll(mta: Mta, meter: Meter, rescue: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(cacheFolder(), 'bench-'));
  try {
    const config = join(folder, 'spillway.toml');
    await writeFile(config, `[store]\nurl = "sqlite:${folder}/data"\n`);
    const command = [...rescue, '--config', config, '--stopped', '--apply'];
    const { seconds, memory } = await meter.measure(here, command);
    const [archive] = await readdir(join(folder, 'data/receipts'));
    const { size } = await stat(join(folder, 'data/receipts', archive ?? ''));
    say(
      `\n${mta}: what is proposed was done in ${seconds.toFixed(1)} s with ${whole(memory / 1e6)} MB; the archive has ${whole(size / 1e6)} MB.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function median(rounds: readonly Taken[], what: keyof Taken): number {
  const sorted = rounds.map((round) => round[what]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
