/**
 * Where a program runs: on this machine, in one of our networks, or inside a server's own machine.
 *
 * A place is the command line that leads there (`nsenter --net=...`). Node cannot change its own
 * namespace, so whatever needs sockets over there is a process of its own.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

export interface Place {
  /** Put before a command so that it runs there. */
  readonly prefix: readonly string[];
  /** Its processes have numbers of their own, by which they must be killed over there. */
  readonly ownPids?: boolean;
}

/** This machine itself. */
export const here: Place = { prefix: [] };

export class CommandError extends Error {
  readonly code = 'COMMAND';
  constructor(command: readonly string[], ending: string, output: string) {
    super(`${command.join(' ')}: ${ending}\n${output.trimEnd().slice(-4000)}`);
  }
}

/** Nothing of the tester's own surroundings reaches the servers, apart from the way to a proxy. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: '/root',
    DEBIAN_FRONTEND: 'noninteractive',
  };
}

/** Starts a program that dies with us, however we die. */
export function start(
  place: Place,
  command: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const whole = ['--pdeathsig', 'KILL', '--', ...place.prefix, ...command];
  return spawn('setpriv', whole, { env: plainEnvironment(), ...options });
}

export interface RunOptions {
  readonly input?: string;
  /** Ends the command with an error after so many ms; default 60,000. */
  readonly timeout?: number;
  /** Exit statuses that are no error; default only 0. */
  readonly accept?: readonly number[];
}

/** Runs a command to its end; resolves to what it wrote on stdout. Throws CommandError. */
export async function run(
  place: Place,
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = start(place, command, { stdio: 'pipe' });
  const out: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    out.push(chunk);
    all.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => all.push(chunk));
  // A command that ends without reading its input is judged by its exit status.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');

  const { timeout = 60_000, accept = [0] } = options;
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
  const ending = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status, signal) =>
      resolve(status !== null && accept.includes(status) ? null : `ended by ${signal ?? status}`),
    );
  });
  clearTimeout(timer);
  if (ending !== null) throw new CommandError(command, ending, Buffer.concat(all).toString());
  return Buffer.concat(out).toString();
}
