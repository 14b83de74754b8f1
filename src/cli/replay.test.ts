import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { CommanderError } from 'commander';
import { startToyServer, type ToyTemper } from '../../test/toy-server.ts';
import { CommandError } from './exit.ts';
import { replayCommand } from './replay.ts';

/** Ports that were free a moment ago: the server under test must know them before the replay listens. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** The command in a process of its own, as in a pipe. */
async function run(words: readonly string[]) {
  const script = `
    const { replayCommand } = await import(${JSON.stringify(new URL('./replay.ts', import.meta.url))});
    await replayCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, 'close'),
  ]);
  return { out, err, status: child.exitCode };
}

const ends: readonly [temper: ToyTemper, format: string, status: number, told: RegExp][] = [
  [
    'discards',
    '--json',
    0,
    /^\{"name":"incident","truth":\{"cause":"forged-sender".*"seed":"7",.*"verdict":"dry",.*\}\n$/,
  ],
  ['spills', '--json', 1, /"verdict":"drowned"/],
  [
    'refuses-recipients',
    '--wanted=4',
    0,
    /^The server stayed dry\.\n\nPlayed: the flood of 2006.*\n\nAgainst 127\.0\.0\.1:/,
  ],
];
for (const [temper, format, status, told] of ends)
  test(`against a server that ${temper}, ${format}: status ${status}`, async () => {
    const [backend = 0, sink = 0, dns = 0, blackhole = 0] = await freePorts(4);
    await using toy = await startToyServer(temper);
    toy.connect({ backend, sink, dns, blackhole });
    const ended = await run([
      ...['--target', `localhost:${toy.port}`, '--seed', '7', '--messages', '20', '--wanted', '5'],
      ...['--misaddressed', '3', '--settle', '1', '--timeout', '20', format],
      ...['--backend', `127.0.0.1:${backend}`, '--sink', `127.0.0.1:${sink}`],
      ...['--dns', `127.0.0.1:${dns}`, '--blackhole', `127.0.0.1:${blackhole}`],
    ]);
    assert.match(ended.out, told);
    assert.equal(ended.err, '', 'no progress where nobody sits at a terminal');
    assert.equal(ended.status, status);
  });

const parse = (...words: string[]) =>
  replayCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(words, { from: 'user' });

const refused: readonly [words: string[], told: RegExp, status: number][] = [
  [[], /^--target is missing/, 2],
  [['--target', '8.8.8.8:25'], /goes to this machine only: 8\.8\.8\.8 is not an address/, 2],
  [['--target', '0.0.0.0:25'], /goes to this machine only/, 2],
  [['--target', '127.0.0.1:0'], /port 0/, 2],
  [['--target', '127.0.0.1:25', '--backend', '192.0.2.99:2620'], /^cannot listen as backend/, 2],
];
for (const [words, told, status] of refused)
  test(`'replay ${words.join(' ')}' is refused`, async () => {
    await assert.rejects(parse(...words), (error) => {
      assert.ok(error instanceof CommandError);
      assert.match(error.message, told);
      assert.equal(error.status, status);
      return true;
    });
  });

const wrong: readonly string[][] = [
  ['--messages', '1000000'],
  ['--recipients', '0'],
  ['--connections', '1e3'],
  ['--timeout', '0'],
  ['--target', 'localhost'],
  ['--sink', 'localhost:25'],
];
for (const words of wrong)
  test(`'replay ${words.join(' ')}' is wrong usage`, async () => {
    await assert.rejects(parse(...words), CommanderError);
  });
