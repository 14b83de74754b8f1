/**
 * Load on a socketmap: so many connections, each with so many questions open, for so many seconds.
 *
 * As a process of its own: load-socketmap.ts PORT CONNECTIONS OPEN SECONDS RATE; prints one JSON line.
 * RATE 0 asks as fast as answers come.
 */
import { connect } from 'node:net';
import { formatNetstring } from '../src/wire/socketmap/netstrings.ts';
import { formatSendmailKey } from '../src/wire/socketmap/sendmail-key.ts';
import { Latencies } from './percentiles.ts';
import { domainOf, warmDomains } from './zone.ts';

const [port = 0, connections = 1, open = 1, seconds = 1, rate = 0] = process.argv
  .slice(2)
  .map(Number);

const questions = Array.from({ length: warmDomains }, (_, i) => {
  const domain = domainOf(i);
  const path = `nicholas@${domain}`;
  const key = formatSendmailKey({
    kind: 'compat',
    notice: false,
    queueId: '6AM1x2yz012345',
    nextHop: { mailer: 'esmtp', host: `${domain}.`, address: path },
    forwardPath: path,
    reversePath: 'ann@wanted.example',
  });
  return formatNetstring(`guard ${key}`);
});

let answered = 0;
let isOver = false;
const latencies = new Latencies();
const start = performance.now();

const talks = Array.from({ length: connections }, (_, i) => talk(i));
await Promise.all(talks.map(({ connected }) => connected));
if (rate > 0) pace();
else for (const { ask } of talks) ask(open);
await Promise.all(talks.map(({ closed }) => closed));
const elapsed = (performance.now() - start) / 1000;
process.stdout.write(
  `${JSON.stringify({ answered, elapsed, p50: latencies.at(0.5), p99: latencies.at(0.99) })}\n`,
);

interface Talk {
  readonly connected: Promise<void>;
  readonly closed: Promise<void>;
  ask(count: number): void;
  endIfDone(): void;
}

/** One connection. An answer is counted by its final comma: the texts hold none. */
function talk(first: number): Talk {
  const connected = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const sent: number[] = [];
  let next = first * 7;
  const ask = (count: number): void => {
    let out = '';
    const now = performance.now();
    for (let i = 0; i < count; i++) {
      out += questions[next++ % questions.length];
      sent.push(now);
    }
    socket.write(out, 'latin1');
  };
  const endIfDone = (): void => {
    if (sent.length === 0) socket.end();
  };
  socket.on('connect', connected.resolve);
  socket.on('data', (chunk: Buffer) => {
    let count = 0;
    for (let at = chunk.indexOf(44); at >= 0; at = chunk.indexOf(44, at + 1)) count++;
    const now = performance.now();
    for (let i = 0; i < count; i++) latencies.add(now - (sent.shift() ?? now));
    answered += count;
    if (rate === 0) isOver ||= now - start > seconds * 1000;
    if (isOver) endIfDone();
    else if (rate === 0) ask(count);
  });
  socket.on('close', () => closed.resolve());
  socket.on('error', closed.reject);
  return { connected: connected.promise, closed: closed.promise, ask, endIfDone };
}

/** An even pace over all connections in turn, so that what waits is the server's doing. */
function pace(): void {
  let asked = 0;
  const begin = performance.now();
  const timer = setInterval(() => {
    const passed = performance.now() - begin;
    const due = Math.floor((passed / 1000) * rate);
    for (; asked < due; asked++) talks[asked % talks.length]?.ask(1);
    if (passed < seconds * 1000) return;
    clearInterval(timer);
    isOver = true;
    for (const { endIfDone } of talks) endIfDone();
  }, 1);
}
