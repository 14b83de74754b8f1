import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import test from 'node:test';
import { describeTransaction, type Outgoing, openSmtpConnection } from './smtp-connection.ts';
import { createSmtpSender } from './smtp-sender.ts';
import { onlyMailboxes, sinkReply, startSmtpSink } from './smtp-sink.ts';

const message: Outgoing = {
  reversePath: 'ann@good.example',
  forwardPaths: ['info@site.example', 'x@site.example'],
  content: 'Subject: hi\n\n.dot\n..two\nlast\u00e9',
};

/** A server that says what it is told to, one line of the script for each line it hears. */
async function scripted(script: readonly string[]): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let at = 0;
    const say = () => {
      const line = script[at++];
      if (line === undefined) socket.destroy();
      else socket.write(line);
    };
    say();
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (let i = 0; i < lines.length && !socket.destroyed; i++) say();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

for (const pipelining of [true, false])
  test(`a message arrives as it was sent, ${pipelining ? 'pipelined' : 'step by step'}`, async () => {
    await using sink = await startSmtpSink({ onRcpt: onlyMailboxes(['info@site.example']) });
    await using sender = createSmtpSender({
      address: sink.host,
      port: sink.port,
      connections: 1,
      pipelining,
      helo: 'me.example',
    });
    const sent = await sender.send(message);
    assert.equal(describeTransaction(sent.transaction), 'accepted');
    assert.deepEqual(
      sent.transaction.replies.rcpt.map((reply) => reply.code),
      [250, 550],
    );
    const [got] = sink.messages;
    assert.equal(got?.text, 'Subject: hi\n\n.dot\n..two\nlast\u00e9\n');
    assert.equal(got.helo, 'me.example');
    assert.ok(sent.startedAt <= got.at && got.at <= sent.endedAt);
  });

const hello = ['220 hi\r\n', '250-hi\r\n250 PIPELINING\r\n'];
const plain = ['220 hi\r\n', '250 hi\r\n'];
const ends: readonly [name: string, script: readonly string[], want: string | RegExp][] = [
  [
    'a refused sender ends at mail',
    [...plain, '550 5.1.8 no\r\n'],
    'refused at mail: 550 5.1.8 no',
  ],
  [
    'a refused sender ends at mail, pipelined',
    [...hello, '550 5.1.8 no\r\n', '503 a\r\n', '503 b\r\n'],
    'refused at mail: 550 5.1.8 no',
  ],
  [
    'refused recipients end at rcpt',
    [...hello, '250 ok\r\n', '550 a\r\n', '451 b\r\n', '250 rset\r\n'],
    'refused at rcpt: 451 b',
  ],
  [
    'a refused DATA ends at data',
    [...plain, '250 ok\r\n', '250 a\r\n', '550 b\r\n', '554 no\r\n', '250 rset\r\n'],
    'refused at data: 554 no',
  ],
  [
    'refused content ends at content',
    [
      ...plain,
      '250 ok\r\n',
      '250 a\r\n',
      '550 b\r\n',
      '354 go\r\n',
      '',
      '',
      '',
      '',
      '',
      '554-no\r\n554 spam\r\n',
    ],
    'refused at content: 554 no spam',
  ],
  [
    'a server that hangs up is broken',
    [...plain, '250 ok\r\n'],
    'broken at rcpt: the server closed the connection',
  ],
  ['a greeting of 554 is a refusal', ['554 no\r\n'], 'refused at greeting: 554 no'],
  [
    'EHLO refused, HELO taken',
    ['220 hi\r\n', '502 what\r\n', '250 hi\r\n', '550 no\r\n'],
    'refused at mail: 550 no',
  ],
  [
    'a web server is not a mail server',
    ['HTTP/1.1 200 OK\r\n'],
    'broken at greeting: a line that is no SMTP reply',
  ],
  [
    'a reply without end is broken',
    ['220-hi\r\n'.repeat(1000)],
    'broken at greeting: a reply without end',
  ],
  [
    'replies to nothing are broken',
    [`220 hi\r\n${'250 a\r\n'.repeat(3000)}`],
    /^broken at \w+: replies to nothing$/,
  ],
];
for (const [name, script, want] of ends)
  test(name, async () => {
    await using server = await scripted(script);
    await using sender = createSmtpSender({
      address: '127.0.0.1',
      port: portOf(server),
      connections: 1,
      attempts: 1,
      stepTimeout: 3000,
    });
    const got = describeTransaction((await sender.send(message)).transaction);
    if (typeof want === 'string') assert.equal(got, want);
    else assert.match(got, want);
  });

test('a server that trickles is left at the deadline of the step', async () => {
  await using server = await scripted(['220-slow\r\n']);
  server.on('connection', (socket: Socket) => {
    const timer = setInterval(() => socket.write('220-still\r\n'), 10);
    socket.on('close', () => clearInterval(timer));
  });
  const opened = await openSmtpConnection({
    address: '127.0.0.1',
    port: portOf(server),
    stepTimeout: 100,
  });
  assert.deepEqual(opened, {
    kind: 'broken',
    stage: 'greeting',
    problem: 'no reply within 100 ms',
  });
});

test('nobody listening is broken at connect', async () => {
  const server = await scripted([]);
  const port = portOf(server);
  await server[Symbol.asyncDispose]();
  const opened = await openSmtpConnection({ address: '127.0.0.1', port });
  assert.ok(opened.kind === 'broken' && opened.stage === 'connect');
  assert.match(opened.problem, /ECONNREFUSED/);
});

test('after 421 a new connection is made and the message goes through', async () => {
  let seen = 0;
  await using sink = await startSmtpSink({
    onMail: () => (++seen % 3 === 0 ? sinkReply('421 4.7.0 Enough for now') : null),
  });
  await using sender = createSmtpSender({ address: sink.host, port: sink.port, connections: 1 });
  for (let i = 0; i < 5; i++)
    assert.equal(describeTransaction((await sender.send(message)).transaction), 'accepted');
  assert.equal(sink.counts.messages, 5);
  assert.equal(sender.connected, 3);
});

test('a server that is full at first is tried again', async () => {
  let seen = 0;
  await using sink = await startSmtpSink({
    onConnect: () => (++seen === 1 ? sinkReply('421 4.3.2 Full') : null),
  });
  await using sender = createSmtpSender({ address: sink.host, port: sink.port, connections: 1 });
  const sent = await sender.send(message);
  assert.equal(describeTransaction(sent.transaction), 'accepted');
  assert.equal(sent.attempts, 2);
  assert.equal(sender.failed, 1);
});

test('connections are shared, counted and renewed', async () => {
  await using sink = await startSmtpSink();
  const ports: number[] = [];
  await using sender = createSmtpSender({
    address: sink.host,
    port: sink.port,
    connections: 3,
    messagesPerConnection: 5,
    onConnect: (port) => ports.push(port),
  });
  const all = await Promise.all(Array.from({ length: 30 }, () => sender.send(message)));
  assert.ok(all.every((sent) => sent.transaction.kind === 'accepted'));
  assert.equal(sink.counts.messages, 30);
  assert.ok(ports.length >= 6 && ports.length <= 8, `${ports.length} connections`);
  assert.deepEqual(new Set(sink.messages.map((got) => got.clientPort)).size, ports.length);
});

test('the rate is kept', async () => {
  await using sink = await startSmtpSink();
  await using sender = createSmtpSender({
    address: sink.host,
    port: sink.port,
    connections: 4,
    rate: 100,
  });
  const from = performance.now();
  await Promise.all(Array.from({ length: 21 }, () => sender.send(message)));
  assert.ok(performance.now() - from >= 195);
});

test('closing the sender ends everything that waits', async () => {
  await using server = await scripted(['220 hi\r\n', '']);
  const sender = createSmtpSender({ address: '127.0.0.1', port: portOf(server), connections: 2 });
  const all = Array.from({ length: 6 }, () => sender.send(message));
  await once(server, 'connection');
  await sender.close();
  for (const sent of await Promise.all(all)) assert.equal(sent.transaction.kind, 'broken');
  assert.equal((await sender.send(message)).transaction.kind, 'broken');
});
