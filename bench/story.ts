/**
 * What reading logs costs: the same log for Spillway, pflogsumm and eximstats, in one run.
 *
 *   bin/with-node bench/story.ts [--megabytes 500] [--servers postfix,exim,sendmail,opensmtpd] [--rounds 1]
 *
 * The log lies on disk and is in the kernel's memory: everybody reads what was just written. pflogsumm is Debian's
 * package of that name, eximstats is in exim4-base; without them only Spillway is measured. Linux with control
 * groups of version 2.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Mta, mtas } from '../src/foreign/queue-entry.ts';
import { writeLog } from '../test/logs/write-log.ts';
import { here } from '../test/peers/place.ts';
import { openMeter, type Taken } from './rescue/measure.ts';

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    servers: { type: 'string', default: mtas.join() },
    rounds: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    eximstats: { type: 'string', default: '/usr/sbin/eximstats' },
  },
});
const spillway = fileURLToPath(new URL('../bin/spillway', import.meta.url));
const folder = await mkdtemp(join(options.folder, 'spillway-story-'));
const [cpu] = cpus();
say(`${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
try {
  for (const mta of mtas) if (options.servers.split(',').includes(mta)) await compare(mta);
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly rounds: Taken[];
}

async function compare(mta: Mta): Promise<void> {
  const path = join(folder, `${mta}.log`);
  const { bytes, lines, messages } = await writeLog(path, {
    mta,
    bytes: Number(options.megabytes) * 1e6,
    isFlooded: true,
  });
  say(
    `\n## ${mta}: ${whole(bytes / 1e6)} MB, ${whole(lines)} lines, ${whole(messages)} messages\n`,
  );
  const contenders: Contender[] = [
    // Incidents are found, which is no failure here.
    {
      name: 'spillway story',
      command: ['sh', '-c', '"$0" "$@" || [ $? = 1 ]', spillway, 'story', '--json', path],
      rounds: [],
    },
  ];
  if (mta === 'postfix' && existsSync('/usr/sbin/pflogsumm'))
    contenders.push({ name: 'pflogsumm', command: ['pflogsumm', path], rounds: [] });
  if (mta === 'exim' && existsSync(options.eximstats))
    contenders.push({ name: 'eximstats', command: ['perl', options.eximstats, path], rounds: [] });
  using meter = openMeter();
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { command, rounds } of contenders) rounds.push(await meter.measure(here, command));
  const base = median(contenders[0]?.rounds ?? [], 'seconds');
  say('| | MB per second | seconds | CPU s | peak MB | Spillway is faster | others busy |');
  say('|---|---:|---:|---:|---:|---:|---:|');
  for (const { name, rounds } of contenders) {
    const seconds = median(rounds, 'seconds');
    const figures = [
      whole(bytes / 1e6 / seconds),
      seconds.toFixed(2),
      median(rounds, 'cpu').toFixed(2),
      whole(Math.max(...rounds.map(({ memory }) => memory)) / 1e6),
      name === 'spillway story' ? '' : `${(seconds / base).toFixed(1)} times`,
      `${whole(Math.max(...rounds.map(({ others }) => others)) * 100)}%`,
    ];
    say(`| ${name} | ${figures.join(' | ')} |`);
  }
  await rm(path);
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
