/**
 * What the guard costs a mail server: the same wanted mail through Postfix, Exim, sendmail and OpenSMTPD
 * without and with it, and with rspamd in its place, in one run.
 *
 *   bin/with-node bench/guard.ts [--servers postfix,exim] [--variants alone,rspamd] [--rounds 5] [--messages 1000] [--json]
 *
 * All variants of a server stand open side by side, each in a machine of its own (test/peers/), and get
 * the same load in turns, round by round, so that a machine that is not ours alone treats them alike.
 * Load, server, guard and DNS share its cores. Needs root and Debian.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { whyNot } from '../test/peers/requirements.ts';
import { type Figures, type Load, loads, measure } from './guard/measure.ts';
import { openScene, type Scene } from './guard/scene.ts';
import { type Spread, type Summary, summarize } from './guard/summary.ts';
import type { GuardedName, Variant } from './guard/variant.ts';
import { variants } from './guard/variants.ts';

const { values: options } = parseArgs({
  options: {
    servers: { type: 'string', default: Object.keys(variants).join() },
    /** Beginnings of names. */
    variants: { type: 'string', default: '' },
    loads: { type: 'string', default: loads.join() },
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string' },
    connections: { type: 'string', default: '20' },
    /** Messages of one connection. */
    each: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const connections = Number(options.connections);
const rounds = Number(options.rounds);
const wantedLoads = loads.filter((load) => options.loads.split(',').includes(load));
const servers = options.servers.split(',').filter((name): name is GuardedName => name in variants);

/** Enough for some seconds. */
const counts: Readonly<Record<GuardedName, number>> = {
  postfix: 3000,
  exim: 600,
  sendmail: 1500,
  opensmtpd: 600,
};

/** Strangers bring one; but OpenSMTPD keeps five connections waiting, and the sixth comes again a second later. */
const perConnection: Readonly<Record<GuardedName, number>> = {
  postfix: 1,
  exim: 1,
  sendmail: 1,
  opensmtpd: 100,
};

const missing = await whyNot();
if (missing !== false) {
  console.error(`Skipped: ${missing}.`);
  process.exit();
}
const [cpu] = cpus();
say(
  `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}; ${connections} connections`,
);
for (const name of servers) {
  const messages = Number(options.messages ?? counts[name]);
  for (const [load, results] of await compare(name, messages)) {
    const [alone] = results;
    if (!alone) continue;
    const all = results.map(({ variant, figures }) => ({
      server: name,
      load,
      variant: variant.name,
      messages,
      rounds: figures.length,
      summary: summarize(figures, alone.figures),
    }));
    if (options.json) for (const one of all) process.stdout.write(`${JSON.stringify(one)}\n`);
    say(`\n${name}, domains of senders ${load}, ${messages} messages, ${rounds} rounds\n`);
    say(
      '| | messages per second | with / without | p50 ms | p99 ms | CPU ms, server | CPU ms, beside | CPU ms, added |',
    );
    say('|---|---:|---:|---:|---:|---:|---:|---:|');
    for (const one of all) say(row(one.variant, one.summary));
  }
}

interface Result {
  readonly variant: Variant;
  readonly figures: Figures[];
}

async function compare(
  name: GuardedName,
  messages: number,
): Promise<ReadonlyMap<Load, readonly Result[]>> {
  await using stack = new AsyncDisposableStack();
  const open: { readonly variant: Variant; readonly scene: Scene }[] = [];
  const wanted = options.variants.split(',');
  const load = { connections, messagesPerConnection: Number(options.each ?? perConnection[name]) };
  for (const variant of variants[name]) {
    if (!wanted.some((one) => variant.name.startsWith(one))) continue;
    const scene = stack.use(await openScene(name, variant, load));
    open.push({ variant, scene });
    for (const kind of wantedLoads) await measure(scene, kind, Math.max(500, messages));
  }
  const results = new Map(
    wantedLoads.map((kind) => [
      kind,
      open.map(({ variant }) => ({ variant, figures: [] as Figures[] })),
    ]),
  );
  for (let round = 0; round < rounds; round++)
    // Each is the first in turn, should the first be at an advantage.
    for (const [kind, all] of results)
      for (let i = 0; i < open.length; i++) {
        const at = (i + round) % open.length;
        const scene = open[at]?.scene;
        if (scene) all[at]?.figures.push(await measure(scene, kind, messages));
      }
  return results;
}

function row(name: string, summary: Summary): string {
  const { perSecond, throughput, p50, p99, server, companion, added } = summary;
  const figures = [
    format(perSecond, 0),
    format(throughput, 3),
    format(p50, 1),
    format(p99, 1),
    format(server, 2),
    format(companion, 3),
    format(added, 2),
  ];
  return `| ${name} | ${figures.join(' | ')} |`;
}

function format(spread: Spread | null, digits: number): string {
  if (spread === null) return '';
  const [median, min, max] = [spread.median, spread.min, spread.max].map((one) =>
    one.toFixed(digits),
  );
  return `${median} (${min}-${max})`;
}

function say(line: string): void {
  (options.json ? process.stderr : process.stdout).write(`${line}\n`);
}
