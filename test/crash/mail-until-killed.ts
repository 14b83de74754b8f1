/**
 * The server as a user has it, mail sent to it over several connections, and SIGKILL in the middle.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Talk } from '../smtp/talk.ts';

const launcher = fileURLToPath(new URL('../../bin/spillway', import.meta.url));

/** `ann` has a Maildir; the server behind `carol` is down, so that her mail stays in the queue. */
export const addresses = ['ann@hosted.example', 'carol@behind.example'] as const;
export type KnownAddress = (typeof addresses)[number];

export interface KnownMail {
  /** Tells it from all others; its content follows from it. */
  readonly token: number;
  readonly to: readonly KnownAddress[];
  /** From the Subject on, lines ended by CRLF. */
  readonly content: string;
}

const sizes = [0, 300, 4_000, 4_000, 60_000, 90_000, 400_000];

export function knownMail(token: number): KnownMail {
  const size = sizes[token % 100 === 0 ? 6 : token % 30 === 0 ? 5 : token % 5] ?? 0;
  const line = `${token} .`.padEnd(70, ' flood');
  const lines = Array.from({ length: Math.ceil(size / 72) }, () => line);
  const content = [`Subject: known ${token}`, '', ...lines, ''].join('\r\n');
  const to = token % 10 === 0 ? addresses : [token % 3 === 0 ? addresses[1] : addresses[0]];
  return { token, to, content };
}

export interface Round {
  /** The smallest that was not given yet. */
  nextToken: number;
  /** Answered with 250. */
  readonly accepted: Set<number>;
}

export interface RunningServer {
  readonly port: number;
  /** Resolves once it has ended, however that came: to how, and what it said last. */
  readonly ended: Promise<string>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Characters of what it says on stderr that are kept. */
const lastWords = 4000;

/** Resolves once it listens; to null where `signal` was faster. */
export async function startServer(
  config: string,
  dieAfter?: number,
): Promise<RunningServer | null> {
  const child = spawn(launcher, ['run', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-lastWords);
  });
  const ended = once(child, 'exit').then(([code, signal]) => `${signal ?? code}: ${said}`);
  if (dieAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), dieAfter);
  for await (const line of createInterface(child.stdout)) {
    const port = /^ {2}smtp +127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    return {
      port: Number(port),
      ended,
      async stop(signal) {
        child.kill(signal);
        await ended;
      },
    };
  }
  await ended;
  return null;
}

/** One after the other until the connection ends; `tell` is called for each that was answered with 250. */
async function sendMail(port: number, round: Round, tell: () => void): Promise<void> {
  await using talk = new Talk(connect({ host: '127.0.0.1', port }));
  await talk.hello();
  for (;;) {
    const { token, to, content } = knownMail(round.nextToken++);
    const reply = await talk.deliver('ann@hosted.example', to, content.slice(0, -2));
    if (reply === 'closed') return;
    if (reply.startsWith('250 ')) {
      round.accepted.add(token);
      tell();
    } else if (!reply.startsWith('4')) throw new Error(`it was refused: ${reply}`);
  }
}

/** When it is killed: so many ms after so many messages were answered with 250. */
export interface Moment {
  readonly accepted: number;
  readonly later: number;
}

export async function sendUntilKilled(
  { port, stop }: RunningServer,
  round: Round,
  connections: number,
  { accepted, later }: Moment,
): Promise<void> {
  let left = accepted;
  const tell = () => {
    if (left-- === 0) setTimeout(() => void stop('SIGKILL'), later);
  };
  tell();
  await Promise.all(Array.from({ length: connections }, () => sendMail(port, round, tell)));
  await stop('SIGKILL');
}
