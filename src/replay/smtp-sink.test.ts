import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import {
  onlyMailboxes,
  type SmtpSink,
  type SunkMessage,
  sinkReply,
  startSmtpSink,
} from './smtp-sink.ts';

/** Sends the pieces one by one and gives back all that the server says until it closes. */
async function talk(sink: SmtpSink, ...pieces: readonly Buffer[]): Promise<string> {
  const socket: Socket = connect(sink.port, sink.host);
  const heard: Buffer[] = [];
  socket.on('data', (chunk) => heard.push(chunk));
  // Being cut off while still talking is one of the ends to be tested.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => {
    socket.on('close', resolve);
  });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  for (const piece of pieces)
    await new Promise((resolve) => {
      socket.write(piece, resolve);
    });
  await closed;
  return Buffer.concat(heard).toString('latin1');
}

function codes(text: string): string {
  return text
    .split('\r\n')
    .filter((line) => line[3] === ' ')
    .map((line) => line.slice(0, 3))
    .join(' ');
}

const hello = 'EHLO me.example\r\n';
const message = [
  'Received: from a',
  'received: from b',
  'X-Spillway-Replay: run/wanted-1',
  'Subject: hi',
  '',
  '..dot',
  '> X-Spillway-Replay: run/spam-7',
  'body',
].join('\r\n');
const whole = `${hello}MAIL FROM:<ann@good.example> BODY=8BITMIME\r\nRCPT TO:<info@site.example>\r\nDATA\r\n${message}\r\n.\r\nQUIT\r\n`;

const dialogs: readonly [name: string, said: string, want: string][] = [
  ['a message is taken', whole, '220 250 250 250 354 250 221'],
  ['HELO is good enough', whole.replace('EHLO', 'helo'), '220 250 250 250 354 250 221'],
  [
    'an unknown mailbox is refused',
    `${hello}MAIL FROM:<>\r\nRCPT TO:<x@site.example>\r\nDATA\r\nQUIT\r\n`,
    '220 250 250 550 554 221',
  ],
  ['MAIL before EHLO is out of turn', 'MAIL FROM:<a@b.example>\r\nQUIT\r\n', '220 503 221'],
  [
    'RCPT before MAIL is out of turn',
    `${hello}RCPT TO:<a@b.example>\r\nQUIT\r\n`,
    '220 250 503 221',
  ],
  [
    'a second MAIL is out of turn',
    `${hello}MAIL FROM:<>\r\nMAIL FROM:<>\r\nQUIT\r\n`,
    '220 250 250 503 221',
  ],
  [
    'RSET forgets the sender',
    `${hello}MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nQUIT\r\n`,
    '220 250 250 250 250 221',
  ],
  [
    'an address without brackets is refused',
    `${hello}MAIL FROM:a@b.example\r\nQUIT\r\n`,
    '220 250 501 221',
  ],
  [
    'a quoted local part may hold a bracket',
    `${hello}MAIL FROM:<"a>b"@c.example>\r\nQUIT\r\n`,
    '220 250 250 221',
  ],
  ['an unknown command is refused', 'HELP\r\nQUIT\r\n', '220 500 221'],
  ['a long command is refused', `NOOP ${'x'.repeat(3000)}\r\nQUIT\r\n`, '220 500 221'],
  ['after QUIT nothing counts', 'QUIT\r\nNOOP\r\n', '220 221'],
];
for (const [name, said, want] of dialogs)
  test(name, async () => {
    await using sink = await startSmtpSink({ onRcpt: onlyMailboxes(['Info@site.example']) });
    assert.equal(codes(await talk(sink, Buffer.from(said))), want);
  });

test('the sink remembers envelope, marks and text', async () => {
  await using sink = await startSmtpSink();
  await talk(sink, Buffer.from(whole));
  const [got] = sink.messages;
  assert.equal(got?.reversePath, 'ann@good.example');
  assert.deepEqual(got.forwardPaths, ['info@site.example']);
  assert.equal(got.helo, 'me.example');
  assert.equal(got.received, 2);
  assert.equal(got.marker, 'run/wanted-1');
  assert.deepEqual(got.quoted, ['run/spam-7']);
  assert.equal(got.size, message.length + 2 - 1);
  assert.match(got.text, /\n\.dot\n/);
});

test('a conversation goes the same way wherever it is cut', async () => {
  await using sink = await startSmtpSink();
  const bytes = Buffer.from(whole);
  const want = await talk(sink, bytes);
  for (let at = 1; at < bytes.length; at++)
    assert.equal(await talk(sink, bytes.subarray(0, at), bytes.subarray(at)), want, `cut at ${at}`);
  assert.equal(sink.counts.messages, bytes.length);
  const shapes = new Set(sink.messages.map(({ text, forwardPaths }) => text + forwardPaths));
  assert.equal(shapes.size, 1);
});

test('any bytes are survived, and the next client is served', async () => {
  await using sink = await startSmtpSink();
  const words = fc.constantFrom(
    'MAIL FROM:<',
    'RCPT TO:<a@b.example>',
    'DATA',
    'EHLO x',
    '\r\n',
    '.',
    '>',
    '\0',
  );
  const noise = fc.array(fc.oneof(words, fc.string()), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(noise, async (parts) => {
      await talk(sink, Buffer.from(`${parts.join('')}\r\n.\r\nQUIT\r\n.\r\nQUIT\r\n`));
    }),
    { numRuns: 50 },
  );
  assert.match(codes(await talk(sink, Buffer.from(whole))), /250 221$/);
});

test('a line without end ends the conversation', async () => {
  await using sink = await startSmtpSink();
  assert.equal(codes(await talk(sink, Buffer.alloc(200_000, 97))), '220');
  assert.equal(sink.counts.broken, 1);
});

test('a message over the limit is refused and not remembered', async () => {
  await using sink = await startSmtpSink({ largestMessage: 100 });
  assert.match(await talk(sink, Buffer.from(whole.replace('body', 'x'.repeat(200)))), /\r\n552 /);
  assert.equal(sink.messages.length, 0);
});

test('the oldest messages are forgotten, the count is not', async () => {
  await using sink = await startSmtpSink({ mostMessages: 4 });
  for (let i = 0; i < 6; i++) await talk(sink, Buffer.from(whole));
  assert.ok(sink.messages.length <= 4);
  assert.equal(sink.counts.messages, 6);
});

test('greeting and policies are the caller’s', async () => {
  await using sink = await startSmtpSink({
    name: 'mail.seaton.biz',
    extensions: ['SIZE 1000'],
    onMail: (path) => (path === '' ? sinkReply('451 4.3.2 Later') : null),
    onMessage: async () => ({ code: 554, lines: ['5.6.0 No', 'thanks'] }),
  });
  const heard = await talk(sink, Buffer.from(`${hello}MAIL FROM:<>\r\nQUIT\r\n`));
  assert.match(heard, /^220 mail\.seaton\.biz ESMTP\r\n250-mail\.seaton\.biz\r\n/);
  assert.match(heard, /\r\n250 SIZE 1000\r\n451 4\.3\.2 Later\r\n/);
  assert.match(await talk(sink, Buffer.from(whole)), /\r\n554-5\.6\.0 No\r\n554 thanks\r\n221 /);
});

test('a client can be turned away at the door', async () => {
  await using sink = await startSmtpSink({ onConnect: () => sinkReply('421 4.3.2 Full') });
  assert.equal(codes(await talk(sink)), '421');
});

test('until waits for what comes later, ends at once for what came before, and says when nothing does', async () => {
  await using sink = await startSmtpSink();
  const isAnns = (message: SunkMessage) => message.reversePath === 'ann@good.example';
  const later = sink.until(({ messages }) => messages.some(isAnns), 5000);
  const count = sink.until(({ counts }) => counts.messages === 2, 5000);
  await talk(sink, Buffer.from(whole));
  await talk(sink, Buffer.from(whole));
  await later;
  await count;
  assert.ok(sink.messages.every(isAnns));
  await sink.until(({ messages }) => messages.length === 2, 5000);
  await assert.rejects(
    sink.until(() => false, 10),
    { code: 'SINK_TIMEOUT' },
  );
});
