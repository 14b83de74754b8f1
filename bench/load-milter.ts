/**
 * Load on a milter: whole conversations, each with its own connection, as sendmail has them.
 *
 * As a process of its own: load-milter.ts PORT AT-ONCE SECONDS; prints one JSON line.
 */
import { connect } from 'node:net';
import { parseFrames } from '../src/wire/milter/frames.ts';
import { mta } from '../test/milter/mta.ts';
import { Latencies } from './percentiles.ts';
import { domainOf, warmDomains } from './zone.ts';

const [port = 0, atOnce = 1, seconds = 1] = process.argv.slice(2).map(Number);

const headers = [
  ['Received', 'from client.example by mail.own.example (8.17.1.9) id 6AM1x2yz; Tue, 5 Sep 2006'],
  ['Received', 'from desk.client.example by client.example; Tue, 5 Sep 2006 03:12:00 +0000'],
  ['From', 'Nicholas <nicholas@wanted.example>'],
  ['To', 'info@site.example'],
  ['Subject', 'An ordinary message'],
  ['Date', 'Tue, 5 Sep 2006 03:12:00 +0000'],
  ['Message-ID', '<20060905031200.1@client.example>'],
  ['MIME-Version', '1.0'],
  ['Content-Type', 'text/plain; charset=utf-8'],
  ['User-Agent', 'mutt'],
] as const;

/** What is sent before each wait for one reply; sendmail 8.17 sends the same with our answer to `O`. */
function conversation(i: number): Buffer[] {
  const domain = domainOf(i);
  const sender = `nicholas@${domain}`;
  return [
    [mta.negotiate()],
    [
      mta.macros('C', { j: 'mail.own.example', _: 'client.example [192.0.2.7]' }),
      mta.connect(),
      mta.macros('H'),
      mta.helo(),
      mta.macros('M', {
        i: '6AM1x2yz012345',
        '{mail_mailer}': 'esmtp',
        '{mail_host}': `${domain}.`,
        '{mail_addr}': sender,
      }),
      mta.mail(`<${sender}>`),
    ],
    [
      mta.macros('R', {
        '{rcpt_mailer}': 'esmtp',
        '{rcpt_host}': '[192.0.2.20]',
        '{rcpt_addr}': 'info@site.example',
      }),
      mta.rcpt('<info@site.example>'),
    ],
    [
      mta.macros('L'),
      ...headers.map(([name, value]) => mta.header(name, value)),
      mta.macros('E'),
      mta.endOfMessage(),
    ],
  ].map((frames) => Buffer.concat(frames));
}

const conversations = Array.from({ length: warmDomains }, (_, i) => conversation(i));
const quit = mta.quit();
const latencies = new Latencies();
let finished = 0;
let next = 0;
const start = performance.now();

await Promise.all(Array.from({ length: atOnce }, talkOn));
const elapsed = (performance.now() - start) / 1000;
process.stdout.write(
  `${JSON.stringify({ answered: finished, elapsed, p50: latencies.at(0.5), p99: latencies.at(0.99) })}\n`,
);

async function talkOn(): Promise<void> {
  while (performance.now() - start < seconds * 1000) {
    const begin = performance.now();
    await talk(conversations[next++ % conversations.length] ?? []);
    latencies.add(performance.now() - begin);
    finished++;
  }
}

/** Ends early where the sender is refused, as sendmail does. */
function talk(steps: readonly Buffer[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let at = 0;
  let rest: Uint8Array = Buffer.alloc(0);
  const send = (): void => {
    const bytes = steps[at++];
    if (bytes) socket.write(bytes);
    else socket.end(quit);
  };
  socket.on('connect', send);
  socket.on('data', (chunk: Buffer) => {
    const parsed = parseFrames(rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk, 65_536);
    rest = parsed.rest;
    for (const event of parsed.events) {
      if (event.kind === 'frame' && event.command === 'y') at = steps.length;
      send();
    }
  });
  socket.on('close', () => resolve());
  socket.on('error', reject);
  return promise;
}
