/**
 * `npm run bench`: what the guard costs, measured on this machine and printed as a table.
 *
 * The guard has one core, the load the other. Ratios are to a server of the same Node that only
 * sends back what it gets: what is above 1 is ours, the rest is the runtime and the kernel.
 */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startDnsServer } from '../src/replay/dns-server.ts';
import { startEcho } from './echo.ts';
import { askManyDomains } from './many-domains.ts';
import { type Measured, startGuard } from './server.ts';
import { zone } from './zone.ts';

const guardCore = 0;
const loadCore = 1;
const seconds = 5;

interface Figures {
  readonly answered: number;
  readonly elapsed: number;
  readonly p50: number;
  readonly p99: number;
}

const start = promisify(execFile);

async function load(name: string, ...options: readonly number[]): Promise<Figures> {
  const file = fileURLToPath(new URL(`load-${name}.ts`, import.meta.url));
  const args = ['-c', String(loadCore), process.execPath, file, ...options.map(String)];
  const { stdout } = await start('taskset', args);
  return JSON.parse(stdout);
}

async function measure(server: Measured, run: () => Promise<Figures>): Promise<readonly string[]> {
  const before = server.cpu();
  const { answered, elapsed, p50, p99 } = await run();
  const cpu = ((server.cpu() - before) / answered) * 1e6;
  return [
    Math.round(answered / elapsed).toLocaleString('en'),
    cpu.toFixed(1),
    p50.toFixed(2),
    p99.toFixed(2),
  ];
}

const dns = await startDnsServer({ records: zone, ttl: 3600 });
const rows: (readonly string[])[] = [];
{
  await using guard = await startGuard(dns.address, guardCore);
  await using echo = await startEcho(guardCore);
  await load('socketmap', guard.socketmap, 10, 10, 2, 0);

  const socketmap: readonly (readonly [
    what: string,
    connections: number,
    open: number,
    rate: number,
  ])[] = [
    ['1 connection, one question at a time', 1, 1, 0],
    ['50 connections, one question at a time', 50, 1, 0],
    ['50 connections, 20 questions at a time', 50, 20, 0],
    ['50 connections, 25,000 questions a second', 50, 1, 25_000],
  ];
  for (const [what, connections, open, rate] of socketmap) {
    const options = [connections, open, seconds, rate] as const;
    rows.push([
      `socketmap, ${what}`,
      ...(await measure(guard, () => load('socketmap', guard.socketmap, ...options))),
    ]);
    rows.push([
      `  (echo, the same)`,
      ...(await measure(echo, () => load('socketmap', echo.port, ...options))),
    ]);
  }
  for (const atOnce of [1, 50]) {
    const what = `milter, whole conversations, ${atOnce} at a time`;
    rows.push([
      what,
      ...(await measure(guard, () => load('milter', guard.milter, atOnce, seconds))),
    ]);
  }
  rows.push(['memory after this load', `${Math.round(guard.memory() / 1e6)} MB`]);
}
{
  await using guard = await startGuard(dns.address, guardCore);
  const domains = Number(process.env['BENCH_DOMAINS'] ?? 1_000_000);
  await askManyDomains(guard.socketmap, domains);
  rows.push([
    `memory after ${domains.toLocaleString('en')} distinct domains`,
    `${Math.round(guard.memory() / 1e6)} MB`,
  ]);
}
await dns.close();

const [cpu] = cpus();
process.stdout.write(`\n${cpu?.model ?? 'unknown processor'}, Node ${process.version}\n\n`);
process.stdout.write(
  '| what | per second | CPU µs each | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|\n',
);
for (const row of rows)
  process.stdout.write(`| ${[...row, '', '', '', ''].slice(0, 5).join(' | ')} |\n`);
