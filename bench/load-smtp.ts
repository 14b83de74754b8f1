/**
 * Load on an SMTP server, pipelined as far as the protocol allows.
 *
 * As a process of its own: load-smtp.ts KIND PORT AT-ONCE SECONDS, KIND one of `refused` (unknown
 * recipients, batches of 100), `many` (messages of 4 KB, many per connection), `single` (one per
 * connection); prints one JSON line.
 */
import { connect, type Socket } from 'node:net';
import { Latencies } from './percentiles.ts';

const [kind = 'refused', ...rest] = process.argv.slice(2);
const [port = 0, atOnce = 1, seconds = 1] = rest.map(Number);

const batch = 100;
const body = `${'An ordinary line of an ordinary message, as people write them.\r\n'.repeat(62)}`;
const content = `From: nicholas@wanted.example\r\nTo: ann@example.org\r\nSubject: An ordinary message\r\nDate: Tue, 5 Sep 2006 03:12:00 +0000\r\nMessage-ID: <1@wanted.example>\r\n\r\n${body}.\r\n`;

const latencies = new Latencies();
const end = performance.now() + seconds * 1000;
let answered = 0;
let failed = 0;

/** Sends, and waits for so many final reply lines. */
function talker(socket: Socket) {
  let text = '';
  let wanted = 0;
  let resolve: (lines: string[]) => void = () => {};
  let lines: string[] = [];
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    let at = 0;
    for (let lf = text.indexOf('\n'); lf >= 0; lf = text.indexOf('\n', at)) {
      if (text[at + 3] !== '-') lines.push(text.slice(at, at + 3));
      at = lf + 1;
    }
    text = text.slice(at);
    if (lines.length >= wanted) {
      const found = lines;
      lines = [];
      resolve(found);
    }
  });
  let closed = false;
  const stop = () => {
    closed = true;
    resolve(['closed']);
  };
  socket.on('close', stop);
  socket.on('error', stop);
  return (sent: string, count: number): Promise<string[]> => {
    wanted = count;
    if (closed) return Promise.resolve(['closed']);
    return new Promise((done) => {
      resolve = done;
      if (sent !== '') socket.write(sent, 'latin1');
    });
  };
}

async function refuse(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const ask = talker(socket);
  await ask('', 1);
  await ask('EHLO load.example\r\n', 1);
  await ask('MAIL FROM:<nicholas@wanted.example>\r\n', 1);
  let n = 0;
  while (performance.now() < end) {
    let commands = '';
    for (let i = 0; i < batch; i++) commands += `RCPT TO:<invented${n++}@example.org>\r\n`;
    const since = performance.now();
    const found = await ask(commands, batch);
    latencies.add(performance.now() - since);
    for (const code of found)
      if (code === '550') answered++;
      else failed++;
    if (found.includes('closed')) break;
  }
  socket.destroy();
}

async function deliver(perConnection: number): Promise<void> {
  while (performance.now() < end) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const ask = talker(socket);
    await ask('', 1);
    await ask('EHLO load.example\r\n', 1);
    for (let i = 0; i < perConnection && performance.now() < end; i++) {
      const since = performance.now();
      const envelope =
        'MAIL FROM:<nicholas@wanted.example>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n';
      const [, , go] = await ask(envelope, 3);
      const [taken] = go === '354' ? await ask(content, 1) : ['none'];
      latencies.add(performance.now() - since);
      if (taken === '250') answered++;
      else failed++;
    }
    socket.end('QUIT\r\n');
  }
}

const started = performance.now();
const run = kind === 'refused' ? refuse : () => deliver(kind === 'single' ? 1 : 1000);
await Promise.all(Array.from({ length: atOnce }, run));
const elapsed = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({ answered, failed, elapsed, p50: latencies.at(0.5), p99: latencies.at(0.99) }),
);
process.exit();
