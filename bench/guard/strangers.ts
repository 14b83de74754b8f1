/**
 * Strangers who bring wanted mail of 4 KB over so many connections at once, as an actor in the world.
 *
 * Written for little CPU of its own, for it shares the cores with who is measured: commands are made
 * before, replies only counted.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Latencies } from '../percentiles.ts';

export interface StrangersOptions {
  readonly address: string;
  readonly port: number;
  /** At once. */
  readonly connections: number;
  /** Then QUIT and a new connection. */
  readonly messagesPerConnection: number;
  readonly recipient: string;
}

export interface Brought {
  readonly accepted: number;
  /** The first message that was not taken, as the server said it. */
  readonly refusal: string | null;
  /** Of one message: from MAIL, or for the first of a connection from the connect, to the last reply; ms. */
  readonly p50: number;
  readonly p99: number;
}

const size = 4096;
const line = `${'Wanted mail, and nothing else in it. '.repeat(2).slice(0, 70)}\r\n`;

function contentOf(sender: string, recipient: string): string {
  const header = [
    `From: Ann <${sender}>`,
    `To: <${recipient}>`,
    'Subject: An ordinary message',
    'Date: Tue, 5 Sep 2006 03:12:00 +0000',
    `Message-ID: <20060905031200.1@${sender.slice(sender.indexOf('@') + 1)}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'User-Agent: mutt',
  ];
  const head = `${header.join('\r\n')}\r\n\r\n`;
  return `${head}${line.repeat(Math.ceil((size - head.length) / line.length))}.\r\n`;
}

export async function start(options: StrangersOptions) {
  const { address, port, connections, messagesPerConnection, recipient } = options;

  /** One connection; resolves when it has ended. */
  const visit = async (
    next: () => string | null,
    done: (refusal: string | null, ms: number) => void,
  ) => {
    const socket = connect({ host: address, port, noDelay: true });
    let begin = performance.now();
    let commands: string[] = ['EHLO mail.stranger.example\r\n'];
    let at = 0;
    let taken = 0;
    let isOpen = false;
    let rest = '';
    const speak = () => {
      if (at < commands.length) return void socket.write(commands[at++] ?? '', 'latin1');
      if (isOpen) {
        const now = performance.now();
        done(null, now - begin);
        begin = now;
      }
      isOpen = true;
      const sender = taken++ < messagesPerConnection ? next() : null;
      if (sender === null) return void socket.end('QUIT\r\n');
      commands = [
        `MAIL FROM:<${sender}>\r\n`,
        `RCPT TO:<${recipient}>\r\n`,
        'DATA\r\n',
        contentOf(sender, recipient),
      ];
      at = 0;
      speak();
    };
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const reply = rest.slice(0, end);
        rest = rest.slice(end + 1);
        // A hyphen after the code: more lines of this reply follow.
        if (reply[3] === '-' || socket.writableEnded) continue;
        if (reply[0] === '2' || reply[0] === '3') speak();
        else {
          done(reply.trim().slice(0, 200), 0);
          socket.end('QUIT\r\n');
        }
      }
    });
    socket.on('error', (error) => done(error.message, 0));
    await once(socket, 'close').catch(() => undefined);
  };

  return {
    /**
     * `domains`: the senders' domains, `%` in it is a number that is counted up to `distinct` and over
     * again; `first`: where the number begins.
     */
    async bring(
      messages: number,
      domains: string,
      first: number,
      distinct: number,
    ): Promise<Brought> {
      const latencies = new Latencies();
      let number = 0;
      let accepted = 0;
      let refusal: string | null = null;
      const next = () =>
        number < messages
          ? `ann@${domains.replace('%', String(first + (number++ % distinct)))}`
          : null;
      const done = (problem: string | null, ms: number) => {
        refusal ??= problem;
        if (problem !== null) return;
        accepted++;
        latencies.add(ms);
      };
      const oneByOne = async () => {
        while (number < messages && refusal === null) await visit(next, done);
      };
      await Promise.all(Array.from({ length: connections }, oneByOne));
      return { accepted, refusal, p50: latencies.at(0.5), p99: latencies.at(0.99) };
    },
  };
}
