/**
 * Spillway as the MX in a machine of its own, set up as the other servers are.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { StoredReceipt } from '../../src/store/journal-store.ts';
import { openMachine, projectInside } from './machine.ts';
import { addresses, publicNetworks } from './network.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { type RunOptions, run } from './place.ts';
import { until } from './until.ts';

export interface SpillwayOptions extends PeerOptions {
  /** More of spillway.toml, whole tables; `[[domains]]` come on top of those for `relay`. */
  readonly toml?: string;
  /** More lines of `[smtp]`. */
  readonly smtp?: string;
}

export interface Spillway extends Peer {
  /** What `spillway journal` tells, oldest first. */
  journal(): Promise<StoredReceipt[]>;
  /** A command of spillway, with this configuration. */
  command(parameters: readonly string[], options?: RunOptions): Promise<string>;
  /** What it has written so far. */
  output(): Promise<string>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

const spillway = `${projectInside}/bin/spillway`;
const folder = '/etc/spillway';
const outputFile = '/var/log/spillway.log';
const pidFile = '/run/spillway.pid';

/** Configured, and not started. */
export async function openSpillway(options: SpillwayOptions): Promise<Spillway> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('plain', options));
  await placeCertificate(machine, options);
  const { place, path } = machine;
  await mkdir(path(folder), { recursive: true });
  await writeFile(path(`${folder}/spillway.toml`), formatConfig(machine.hostName, options));

  const output = () => readFile(path(outputFile), 'utf8').catch(() => '');
  const command = (parameters: readonly string[], more?: RunOptions) =>
    run(place, [spillway, ...parameters], more);
  const end = async (signal: string) => {
    const script = `
pid=$(cat ${pidFile})
kill -${signal} "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done`;
    await run(place, ['sh', '-ec', script]);
  };
  const kept = stack.move();
  return {
    title: 'Spillway',
    machine,
    async start() {
      const script = `ulimit -n 100000; ${spillway} run >> ${outputFile} 2>&1 < /dev/null & echo $! > ${pidFile}`;
      await machine.runCounted(['sh', '-c', script]);
      try {
        await machine.listening(25);
      } catch (error) {
        throw new Error(await output(), { cause: error });
      }
    },
    stop: () => end('TERM'),
    kill: () => end('KILL'),
    async queued() {
      const text = await command(['queue', 'list', '--json']);
      return text.split('\n').filter((line) => line !== '').length;
    },
    async journal() {
      const text = await command(['journal', '--json']);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): StoredReceipt => JSON.parse(line));
    },
    command,
    output,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Whether it has said something that matches, or does within so many ms. */
export async function says(server: Spillway, pattern: RegExp, timeout: number): Promise<boolean> {
  return await until(async () => pattern.test(await server.output()), timeout);
}

function formatConfig(hostName: string, options: SpillwayOptions): string {
  const { relay = {}, clients = [], certificate, recipients, queueOnly } = options;
  const domains = Object.entries(relay).map(([domain, host]) => {
    const known = (recipients ?? []).filter((one) => one.endsWith(`@${domain}`));
    const who = recipients
      ? `mailboxes = ${JSON.stringify(known.map((one) => one.slice(0, one.lastIndexOf('@'))))}`
      : 'catchAll = "*"';
    return `[[domains]]\nname = "${domain}"\n${who}\ndeliver = "smtp:${host}"\n`;
  });
  const tls = certificate
    ? `[smtp.tls]\ncertificate = "${certificateFiles.cert}"\nkey = "${certificateFiles.key}"\n`
    : '';
  return `
[dns]
servers = ["${addresses.dns.v4}"]
[verdict]
public = ${JSON.stringify(publicNetworks)}
[guard]
milter = []
socketmap = []
policy = []
readsocket = []
filter = []
[relay]
networks = ${JSON.stringify(['127.0.0.0/8', '::1/128', ...clients])}
[store]
url = "sqlite:/var/lib/spillway"
[delivery]
paused = ${queueOnly === true}
[smtp]
listen = ["0.0.0.0:25", "[::]:25"]
name = "${hostName}"
maxMessage = "${largestMessage / 1_000_000} MB"
${options.smtp ?? ''}
${tls}${domains.join('')}${options.toml ?? ''}`;
}
