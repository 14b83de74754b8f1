/**
 * `spillway replay`: the flood of 2006, played against a mail server of one's own.
 */
import { randomInt } from 'node:crypto';
import { styleText } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type HostPort, parseHostPort } from '../mail/endpoint.ts';
import { parseIp } from '../mail/ip.ts';
import { printable } from '../mail/printable.ts';
import { forgedSender } from '../replay/cases/incident.ts';
import { type CaseName, replayCases } from '../replay/cases.ts';
import { formatZone, incidentZone } from '../replay/incident-zone.ts';
import {
  ListenError,
  type Progress,
  playIncident,
  type ReplayEnd,
  type ReplayOptions,
} from '../replay/replay.ts';
import type { ReplayReport } from '../replay/report.ts';
import { formatReport, type Paint } from '../replay/report-text.ts';
import { goodDomains, hostedSites, knownMailboxes } from '../replay/sites.ts';
import { checkTarget } from '../replay/target.ts';
import { CommandError, exit } from './exit.ts';
import { jsonLine } from './output.ts';
import { createProgressLine } from './progress.ts';

interface Options {
  readonly target?: HostPort;
  readonly case: CaseName;
  readonly xclient?: true;
  readonly messages: number;
  readonly recipients: number;
  readonly wanted: number;
  readonly misaddressed: number;
  readonly variants?: true;
  readonly connections: number;
  readonly rate: number;
  readonly seed?: string;
  readonly backend: HostPort;
  readonly sink: HostPort;
  readonly dns: HostPort | false;
  readonly trustDns?: true;
  readonly blackhole?: HostPort;
  readonly serverPid?: number;
  readonly timeout: number;
  readonly settle: number;
  readonly zone?: true;
  readonly json?: true;
}

const targetNeeded = `--target is missing: the mail server of your own that shall be flooded, such as 127.0.0.1:25.
Spillway takes no mail itself; it guards the server that does. Let that server
  - ask the DNS of this replay,
  - accept mail for the hosted sites of the incident and hand it to the backend of this replay.
'spillway replay --zone' prints the zone and what to route where.`;

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Play the flood of 2006, or another case, against a mail server of your own, and tell what came of it.',
    )
    .addOption(
      new Option('--case <name>', 'what is played, see below')
        .choices(caseNames)
        .default('incident'),
    )
    .option(
      '--target <host:port>',
      'the server to play against: only this machine, see below',
      endpoint,
    )
    .option(
      '--xclient',
      'tell the server by XCLIENT which client sends what; it must allow that from here',
    )
    .option('--messages <n>', 'messages of the case', whole(0, 100_000), 2000)
    .option('--recipients <n>', 'invented recipients of each', whole(1, 100), 5)
    .option('--wanted <n>', 'messages that must arrive', whole(0, 10_000), 100)
    .option(
      '--misaddressed <n>',
      'messages of real senders to unknown mailboxes',
      whole(0, 10_000),
      20,
    )
    .option('--variants', 'a message also from each oddity of DNS: ::1, null MX, SERVFAIL, ...')
    .option('--connections <n>', 'connections of the spammer at once', whole(1, 100), 10)
    .option('--rate <n>', 'spam messages per second; 0 is as fast as it goes', whole(0, 10_000), 0)
    .option('--seed <text>', 'the same seed plays the same run; default: a new one')
    .addOption(listener('--backend <ip:port>', 'where to listen as the backend', 2620))
    .addOption(
      listener('--sink <ip:port>', 'where to listen as the server of all good senders', 2630),
    )
    .addOption(listener('--dns <ip:port>', 'where to serve the zone', 2653))
    .option('--no-dns', 'another DNS server serves the zone')
    .option('--trust-dns', 'you know that the server asks this DNS; do not probe it first')
    .option(
      '--blackhole <ip:port>',
      'listen also where the black hole leads, to see who comes',
      listenOn,
    )
    .option(
      '--server-pid <pid>',
      "a process in the server's network namespace, to see its connections to itself",
      whole(1, 2 ** 31 - 1),
    )
    .option('--timeout <s>', 'end after so many seconds at the latest', whole(1, 3600), 600)
    .option('--settle <s>', 'watch on so many seconds after the last message', whole(0, 600), 10)
    .option('--zone', 'print the zone and what the server must be told, and end')
    .option('--json', 'print one JSON document')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      if (options.zone) return void process.stdout.write(zoneText(options));
      process.exitCode = await replay(options);
    });
}

const caseNames = Object.keys(replayCases);

const help = `
Cases:
${Object.entries(replayCases)
  .map(([name, { title }]) => `  ${name.padEnd(13)} ${title}`)
  .join('\n')}
Without --xclient all mail comes from one address, and cases of many clients are not what they are.

The target must be a loopback address, an address of this machine, or an address of
the documentation networks (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
2001:db8::/32, 3fff::/20) that this machine is directly attached to: a network
namespace or virtual machine beside it. Those can never be a stranger's.

On one machine every address is the server's own, those of good senders as well. For
the whole picture put the server into a network namespace of its own:
  ip netns add server; ip link add world0 type veth peer name mail0 netns server
  ip address add 192.0.2.20/24 dev world0   (and .30 and .53; the server gets .10)
  spillway replay --target 192.0.2.10:25 --backend 192.0.2.20:25 --sink 192.0.2.30:25
    --dns 192.0.2.53:53 --server-pid PID

Exit status: 0 the server stayed dry, 1 it drowned, 2 wrong usage, 75 the server does
not answer, or it was not shown that its notices stay here, or the run was interrupted.`;

async function replay(options: Options): Promise<number> {
  if (!options.target) throw new CommandError(targetNeeded);
  const check = await checkTarget(options.target.host, options.target.port);
  if (check.kind === 'refused')
    throw new CommandError(
      `a replay is a flood and goes to this machine only: ${printable(check.problem)} (--help tells more)`,
    );
  const seed = options.seed ?? String(randomInt(1_000_000));
  const line = createProgressLine(process.stderr);
  let phase: Progress['phase'] | null = null;
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  for (const name of signals) process.once(name, onSignal);
  try {
    const end = await playIncident({
      ...settings(options),
      target: check,
      seed,
      signal: interrupt.signal,
      onProgress(progress) {
        const isNew = progress.phase !== phase;
        phase = progress.phase;
        line.show(progress.done / progress.total, progressText(progress), isNew);
      },
    });
    line.clear();
    return tellEnd(end, options);
  } catch (error) {
    if (error instanceof ListenError) throw new CommandError(error.message, exit.usage, error);
    throw error;
  } finally {
    line.clear();
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Gives the exit status. */
function tellEnd(end: ReplayEnd, options: Options): number {
  switch (end.kind) {
    case 'unreachable':
      throw new CommandError(
        `the server does not answer: ${printable(end.problem)}`,
        exit.tryAgain,
      );
    case 'unproved':
      throw new CommandError(
        `nothing was played, for ${forgedSender} is a real address: the server's notices could reach it.\n${printable(end.problem)}.\nLet the server ask the DNS of this replay (--zone tells how), or say --trust-dns if it does.`,
        exit.tryAgain,
      );
    case 'played':
      process.stdout.write(
        options.json ? `${jsonLine(end.report)}\n` : `${formatReport(end.report, paint())}\n`,
      );
      return statusOf(end.report);
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const;

function settings(options: Options): Omit<ReplayOptions, 'target' | 'seed'> {
  const { messages, recipients, wanted, misaddressed, connections, rate, backend, sink } = options;
  return {
    name: options.case,
    tellsClients: options.xclient === true,
    sizes: { messages, recipients, wanted, misaddressed, variants: options.variants === true },
    connections,
    rate,
    backend,
    sink,
    dns: options.dns === false ? null : options.dns,
    blackhole: options.blackhole ?? null,
    serverPid: options.serverPid ?? null,
    trustDns: options.trustDns === true,
    timeout: options.timeout * 1000,
    settle: options.settle * 1000,
  };
}

function statusOf(report: ReplayReport): number {
  switch (report.verdict) {
    case 'dry':
      return exit.well;
    case 'drowned':
      return exit.trouble;
    case 'unfinished':
      return exit.tryAgain;
  }
}

function progressText({ phase, done, total, tally }: Progress): string {
  const { spam, wanted } = tally.fates;
  const seen = `${spam.accepted} spam accepted, ${tally.delivered}/${wanted.planned} wanted arrived`;
  switch (phase) {
    case 'probe':
      return 'asking where its notices go';
    case 'play':
      return `${done}/${total}: ${seen}`;
    case 'settle':
      return `watching what it does now: ${seen}`;
  }
}

function paint(): Paint {
  // styleText leaves the colours out where the stream is no terminal, or NO_COLOR says so.
  return {
    good: (text) => styleText('green', text, { stream: process.stdout }),
    bad: (text) => styleText('red', text, { stream: process.stdout }),
  };
}

function zoneText(options: Options): string {
  // The zone needs an address; a name as the target is this machine's own.
  const target = parseIp(options.target?.host ?? '')?.text ?? '127.0.0.1';
  const { backend, sink, dns, json } = options;
  const zone = incidentZone({ target, sink: sink.host }, hostedSites, goodDomains);
  if (json)
    return `${jsonLine({ zone, hostedSites, knownMailboxes, goodDomains, forgedSender })}\n`;
  const to = `[${backend.host}]:${backend.port}`;
  const back = `[${sink.host}]:${sink.port}`;
  const lines = [
    '; The zone of the incident of 2006.',
    formatZone(zone),
    '; What the server under test must be told:',
    dns === false
      ? '; 1. Ask a DNS server that serves this zone.'
      : `; 1. Ask the DNS at ${dns.host} port ${dns.port} while the replay runs, and no other.`,
    `; 2. Relay these domains to the backend at ${backend.host} port ${backend.port}; it knows only info@ each.`,
    ...hostedSites.map((site) => `;      ${site}  smtp:${to}`),
  ];
  if (sink.port !== 25)
    lines.push(
      `; 3. An MX cannot name a port: send mail for the good senders to ${sink.host} port ${sink.port}.`,
      ...[...goodDomains, '.probe.example'].map((domain) => `;      ${domain}  smtp:${back}`),
    );
  return `${lines.join('\n')}\n`;
}

function listener(flags: string, description: string, port: number): Option {
  const text = `127.0.0.1:${port}`;
  return new Option(flags, description).argParser(listenOn).default(listenOn(text), text);
}

function endpoint(text: string): HostPort {
  const found = parseHostPort(text);
  if (!found) throw new InvalidArgumentError('expected HOST:PORT or [IPV6]:PORT');
  return found;
}

/** The zone names it by its address, so a name will not do. */
function listenOn(text: string): HostPort {
  const found = parseHostPort(text);
  const address = found && parseIp(found.host);
  if (!found || !address) throw new InvalidArgumentError('expected IP:PORT or [IPV6]:PORT');
  return { host: address.text, port: found.port };
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}
