/**
 * What the transport makes of servers as they are: replies, extensions, connections that are kept,
 * addresses, TLS.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { startSmtpSink } from '../../src/replay/smtp-sink.ts';
import { certificate } from './certificate.ts';
import {
  backend,
  judgeOfLoops,
  loopback,
  mx,
  never,
  outcomes,
  shipmentTo,
  testClient,
} from './client.ts';
import { type ScriptedServer, startScripted, type Talk, takeAll } from './scripted-server.ts';

const all = ['PIPELINING', '8BITMIME', 'SIZE', 'DSN', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'];

/** Greeting and EHLO; the script goes on after it. */
async function greet(talk: Talk, ...keywords: readonly string[]): Promise<void> {
  talk.say('220 good.example ESMTP');
  await talk.hear();
  const lines = ['good.example', ...keywords];
  talk.say(...lines.map((text, i) => `250${i < lines.length - 1 ? '-' : ' '}${text}`));
}

test('a message arrives as it was, and each recipient hears its own reply', async () => {
  await using sink = await startSmtpSink({
    onRcpt: (path) =>
      path.startsWith('no') ? { code: 550, lines: ['5.1.1 No', '5.1.1 such one'] } : null,
  });
  await using client = testClient();
  const shipment = shipmentTo(['a@x.example', 'no@x.example', 'b@x.example']);
  const delivered = await client.transportTo(backend(sink.port)).deliver(shipment, never);
  assert.deepEqual(outcomes(delivered), [
    'relayed 250 2.0.0 Taken',
    'failed 550 5.1.1 No such one',
    'relayed 250 2.0.0 Taken',
  ]);
  assert.equal(delivered.peer, `127.0.0.1:${sink.port}`);
  assert.equal(delivered.isDown, false);
  const [message] = sink.messages;
  assert.equal(message?.reversePath, 'ann@good.example');
  assert.equal(message?.helo, 'me.example');
  assert.deepEqual(message?.forwardPaths, ['a@x.example', 'b@x.example']);
  assert.equal(message?.text, 'Subject: x\n\n.dot\nbody\n');
});

test('envelope and content leave in two pieces', async () => {
  const pieces: string[] = [];
  const server = createServer((socket) => {
    socket.write('220 x\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      pieces.push(text);
      if (text.startsWith('EHLO')) socket.write('250-x\r\n250 PIPELINING\r\n');
      else if (text.startsWith('MAIL')) socket.write('250 a\r\n250 b\r\n354 c\r\n');
      else if (text.startsWith('QUIT')) socket.end('221 d\r\n');
      else socket.write('250 e\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = testClient();
  await client.transportTo(backend(port)).deliver(shipmentTo(['a@x.example']), never);
  await client.close();
  server.close();
  assert.deepEqual(pieces, [
    'EHLO me.example\r\n',
    'MAIL FROM:<ann@good.example>\r\nRCPT TO:<a@x.example>\r\nDATA\r\n',
    'Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\n',
    'QUIT\r\n',
  ]);
});

test('the extensions that a server offers are used', async () => {
  await using server = await startScripted((talk) => takeAll(talk, all));
  await using client = testClient();
  const shipment = shipmentTo(['bü@x.example'], {
    sender: { body: '8bitmime', smtpUtf8: true, ret: 'hdrs', envid: 'e 1' },
    rcpt: { notify: ['failure'], orcpt: 'rfc822;old@x.example' },
  });
  const delivered = await client.transportTo(backend(server.port)).deliver(shipment, never);
  assert.deepEqual(outcomes(delivered), ['delivered 250 2.0.0 Taken']);
  assert.equal(
    server.heard[1],
    `MAIL FROM:<ann@good.example> SIZE=${shipment.size} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=e+201`,
  );
  const path = Buffer.from('bü@x.example').toString('latin1');
  assert.equal(server.heard[2], `RCPT TO:<${path}> NOTIFY=FAILURE ORCPT=rfc822;old@x.example`);
});

test('what a server cannot take is not tried', async () => {
  await using server = await startScripted((talk) => takeAll(talk, ['PIPELINING', 'SIZE 100']));
  await using client = testClient();
  const transport = client.transportTo(backend(server.port));
  const large = shipmentTo(['a@x.example'], { content: `${'x'.repeat(200)}\r\n` });
  const utf8 = shipmentTo(['a@x.example'], {
    content: 'Subject: \xc3\xbc\r\n\r\n\r\n',
    sender: { smtpUtf8: true },
  });
  const binary = shipmentTo(['a@x.example'], { content: 'a\0b', sender: { body: 'binarymime' } });
  for (const [shipment, want] of [
    [large, 'failed 552 5.3.4'],
    [utf8, 'failed 553 5.6.7'],
    [binary, 'failed 554 5.6.3'],
  ] as const) {
    const [outcome] = outcomes(await transport.deliver(shipment, never));
    assert.equal(outcome?.slice(0, want.length), want);
  }
  const harmless = shipmentTo(['a@x.example', 'ü@x.example'], { sender: { smtpUtf8: true } });
  const [first, second] = outcomes(await transport.deliver(harmless, never));
  assert.equal(first, 'relayed 250 2.0.0 Taken');
  assert.match(second ?? '', /^failed 553 5\.6\.7/);
  assert.equal(server.connections, 1);
});

test('any octets pass by BDAT where the server takes them so', async () => {
  let content = '';
  await using server = await startScripted(async (talk) => {
    await greet(talk, 'PIPELINING', 'CHUNKING', 'BINARYMIME');
    await talk.hear();
    await talk.hear();
    talk.say('250 Ok', '250 Ok');
    const octets = /^BDAT (\d+) LAST$/.exec(await talk.hear())?.[1];
    content = await talk.hearBytes(Number(octets));
    talk.say('250 2.0.0 Taken');
  });
  await using client = testClient();
  const shipment = shipmentTo(['a@x.example'], {
    content: '\0\n.\n\r.\r\xff',
    sender: { body: 'binarymime' },
  });
  const delivered = await client.transportTo(backend(server.port)).deliver(shipment, never);
  assert.deepEqual(outcomes(delivered), ['relayed 250 2.0.0 Taken']);
  assert.equal(content, '\0\n.\n\r.\r\xff');
});

test('LMTP: LHLO, and a reply for each recipient', async () => {
  await using server = await startScripted(async (talk) => {
    await greet(talk, 'PIPELINING');
    await talk.hearUntil('DATA');
    talk.say('250 Ok', '250 Ok', '550 5.1.1 No', '250 Ok', '354 Go');
    await talk.hearUntil('.');
    talk.say('250 2.0.0 Stored', '452 4.2.2 Full');
    await talk.hear();
  });
  await using client = testClient();
  const hop = backend(server.port, { protocol: 'lmtp' });
  const shipment = shipmentTo(['a@x.example', 'b@x.example', 'c@x.example']);
  const delivered = await client.transportTo(hop).deliver(shipment, never);
  assert.deepEqual(outcomes(delivered), [
    'delivered 250 2.0.0 Stored',
    'failed 550 5.1.1 No',
    'deferred 452 4.2.2 Full',
  ]);
  assert.equal(server.heard[0], 'LHLO me.example');
});

test('LMTP over a unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-'));
  const path = join(folder, 'lmtp');
  const server = createServer((socket) => {
    socket.write('220 x\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (/^(LHLO|QUIT)/.test(text)) socket.write('250 x\r\n');
      else if (/^DATA/.test(text)) socket.write('354 x\r\n');
      else socket.write('250 2.0.0 Stored\r\n');
    });
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = testClient();
  const place = { kind: 'configured', endpoint: { path }, addresses: [] } as const;
  const hop = backend(0, { protocol: 'lmtp', place });
  const delivered = await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
  await client.close();
  server.close();
  rmSync(folder, { recursive: true });
  assert.deepEqual(outcomes(delivered), ['delivered 250 2.0.0 Stored']);
  assert.equal(delivered.peer, path);
});

test('a connection is used again, and a refusal is forgotten first', async () => {
  await using sink = await startSmtpSink({
    onMail: (path) => (path === 'bad@good.example' ? { code: 550, lines: ['5.7.1 No'] } : null),
    onRcpt: (path) => (path === 'no@x.example' ? { code: 550, lines: ['5.1.1 No'] } : null),
    onMessage: ({ forwardPaths }) =>
      forwardPaths.includes('spam@x.example') ? { code: 554, lines: ['5.6.0 No'] } : null,
  });
  await using client = testClient();
  const transport = client.transportTo(backend(sink.port));
  const said: string[] = [];
  for (const [path, sender] of [
    ['a@x.example'],
    ['no@x.example'],
    ['a@x.example'],
    ['a@x.example', 'bad@good.example'],
    ['spam@x.example'],
    ['a@x.example'],
  ]) {
    const shipment = shipmentTo([path ?? ''], sender ? { sender: { reversePath: sender } } : {});
    said.push(...outcomes(await transport.deliver(shipment, never)));
  }
  assert.deepEqual(
    said.map((text) => text.slice(0, 17)),
    [
      'relayed 250 2.0.0',
      'failed 550 5.1.1 ',
      'relayed 250 2.0.0',
      'failed 550 5.7.1 ',
      'failed 554 5.6.0 ',
      'relayed 250 2.0.0',
    ],
  );
  assert.equal(sink.counts.connections, 1);
});

test('a connection that died while it waited costs nothing', async () => {
  await using server = await startScripted(async (talk) => {
    await greet(talk, 'PIPELINING');
    await talk.hearUntil('DATA');
    talk.say('250 Ok', '250 Ok', '354 Go');
    await talk.hearUntil('.');
    talk.say('250 2.0.0 Taken');
    // The second message finds it dead, in three ways.
    if (talk.connection === 1) await talk.hear();
    if (talk.connection === 2) {
      await talk.hearUntil('DATA');
      talk.say('421 4.4.2 Idle for too long');
    }
    if (talk.connection === 3) {
      await talk.hearUntil('DATA');
      talk.reset();
    }
    if (talk.connection > 3) await talk.hearUntil('QUIT');
  });
  await using client = testClient();
  const transport = client.transportTo(backend(server.port));
  for (let i = 0; i < 6; i++) {
    const delivered = await transport.deliver(shipmentTo(['a@x.example']), never);
    assert.deepEqual(outcomes(delivered), ['relayed 250 2.0.0 Taken'], `message ${i}`);
    if (i > 2) break;
  }
  assert.equal(server.connections, 4);
});

test('a connection ends after as many messages as the server likes, or we do', async () => {
  for (const [keywords, maxMessages, want] of [
    [['LIMITS MAILMAX=2'], 1000, 2],
    [[], 3, 2],
    [[], 1000, 1],
  ] as const) {
    await using server = await startScripted((talk) => takeAll(talk, [...keywords, 'PIPELINING']));
    await using client = testClient({ maxMessages });
    const transport = client.transportTo(backend(server.port));
    for (let i = 0; i < 4; i++) await transport.deliver(shipmentTo(['a@x.example']), never);
    assert.equal(server.connections, want);
  }
});

test('too many recipients go into the next transaction at once', async () => {
  let taken = 0;
  await using sink = await startSmtpSink({
    onMail: () => {
      taken = 0;
      return null;
    },
    onRcpt: () => (++taken > 3 ? { code: 452, lines: ['4.5.3 Too many recipients'] } : null),
  });
  await using client = testClient();
  const paths = Array.from({ length: 8 }, (_, i) => `u${i}@x.example`);
  const delivered = await client.transportTo(backend(sink.port)).deliver(shipmentTo(paths), never);
  assert.deepEqual(new Set(outcomes(delivered)), new Set(['relayed 250 2.0.0 Taken']));
  assert.deepEqual(
    sink.messages.map(({ forwardPaths }) => forwardPaths.length),
    [3, 3, 2],
  );
});

test('no more recipients are asked for than the server says', async () => {
  await using sink = await startSmtpSink({ extensions: ['LIMITS RCPTMAX=2 MAILMAX=1'] });
  await using client = testClient();
  const paths = Array.from({ length: 5 }, (_, i) => `u${i}@x.example`);
  const delivered = await client.transportTo(backend(sink.port)).deliver(shipmentTo(paths), never);
  assert.deepEqual(new Set(outcomes(delivered)), new Set(['relayed 250 2.0.0 Taken']));
  assert.deepEqual(
    sink.messages.map(({ forwardPaths }) => forwardPaths),
    [['u0@x.example', 'u1@x.example'], ['u2@x.example', 'u3@x.example'], ['u4@x.example']],
  );
});

test('when one address refuses, the next one is tried, best first', async () => {
  await using sink = await startSmtpSink({ host: '127.0.0.3' });
  await using client = testClient();
  const hop = mx(sink.port, ['127.0.0.2', '127.0.0.3', '127.0.0.4']);
  const delivered = await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
  assert.deepEqual(outcomes(delivered), ['relayed 250 2.0.0 Taken']);
  assert.equal(delivered.peer, `mx2.test.example (127.0.0.3:${sink.port})`);
});

test('a server that did not answer is asked last for a while', async () => {
  await using sink = await startSmtpSink({ host: '127.0.0.3', extensions: ['LIMITS MAILMAX=1'] });
  const tried: string[] = [];
  let now = 0;
  const isOwnListener = ({ text }: { text: string }) => {
    tried.push(text.slice(-1));
    return false;
  };
  await using client = testClient({ isOwnListener, now: () => now });
  const hop = mx(sink.port, ['127.0.0.2', '127.0.0.3']);
  for (now of [0, 1000, 1_000_000]) {
    tried.push('|');
    await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
  }
  assert.equal(tried.join(''), '|23|3|23');
  assert.equal(sink.counts.messages, 3);
});

test('ourselves as the worse MX, asked first as the better one did not answer: no loop', async () => {
  await using sink = await startSmtpSink({ name: 'me.example' });
  await using client = testClient();
  const hop = mx(sink.port, ['127.0.0.2', '127.0.0.1']);
  for (let i = 0; i < 3; i++) {
    const delivered = await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
    assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.4\.1 No answer/);
  }
  assert.equal(sink.counts.messages, 0);
});

test('when no address answers, the next hop is down', async () => {
  await using client = testClient();
  const delivered = await client
    .transportTo(mx(1, ['127.0.0.2', '127.0.0.3']))
    .deliver(shipmentTo(['a@x.example', 'b@x.example']), never);
  const want = 'deferred 451 4.4.1 No answer: connect ECONNREFUSED 127.0.0.3:1';
  assert.deepEqual(outcomes(delivered), [want, want]);
  assert.deepEqual([delivered.peer, delivered.isDown], [null, true]);
});

const turnedAway: readonly [greeting: string, want: string, isDown: boolean][] = [
  ['554 5.7.1 Not you', 'failed 554 5.7.1 Not you', false],
  ['521 No mail here', 'failed 521 5.0.0 No mail here', false],
  ['421 4.3.2 Busy', 'deferred 421 4.3.2 Busy', true],
  ['450 4.7.1 Later', 'deferred 450 4.7.1 Later', true],
];
for (const [greeting, want, isDown] of turnedAway)
  test(`a server that greets with "${greeting}"`, async () => {
    await using server = await startScripted((talk) => talk.say(greeting));
    await using client = testClient();
    const delivered = await client
      .transportTo(backend(server.port))
      .deliver(shipmentTo(['a@x.example']), never);
    assert.deepEqual(outcomes(delivered), [want]);
    assert.equal(delivered.isDown, isDown);
  });

test('a host that takes no mail is no end while another may come back', async () => {
  await using server = await startScripted((talk) => talk.say('521 No'));
  await using client = testClient();
  const hop = mx(server.port, ['127.0.0.2', '127.0.0.1']);
  const [outcome] = outcomes(
    await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never),
  );
  assert.match(outcome ?? '', /^deferred 451 4\.4\.1/);
});

test('one of our own listeners is never connected to', async () => {
  await using server = await startScripted((talk) => takeAll(talk, []));
  const judge = judgeOfLoops();
  await using client = testClient({ judge, isOwnListener: (_, port) => port === server.port });
  const delivered = await client
    .transportTo(mx(server.port, ['127.0.0.1']))
    .deliver(shipmentTo(['a@x.example']), never);
  assert.deepEqual(outcomes(delivered), ['failed 554 5.4.6 Mail loop detected (connects-to-us)']);
  assert.equal(server.connections, 0);
  const [question] = judge.asked;
  assert.ok(question?.check === 'loop' && question.adapter === 'delivery');
  assert.equal(question.forwardPath, 'a@x.example');
});

test('who greets with our name gets no mail, unless the operator sends it there', async () => {
  const greetings = ['me.example', 'ME.example.', 'mail.me.example'];
  for (const name of greetings) {
    await using sink = await startSmtpSink({ name });
    await using client = testClient();
    const shipment = shipmentTo(['a@x.example']);
    const found = await client.transportTo(mx(sink.port, ['127.0.0.1'])).deliver(shipment, never);
    assert.deepEqual(outcomes(found), ['failed 554 5.4.6 Mail loop detected (greets-as-us)']);
    const routed = await client.transportTo(backend(sink.port)).deliver(shipment, never);
    assert.deepEqual(outcomes(routed), ['relayed 250 2.0.0 Taken']);
    assert.equal(sink.counts.messages, 1);
  }
});

test('ourselves as the worse MX: the better one is waited for', async () => {
  await using sink = await startSmtpSink({ name: 'me.example' });
  await using client = testClient();
  const hop = mx(sink.port, ['127.0.0.2', '127.0.0.1', '127.0.0.3']);
  const [outcome] = outcomes(
    await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never),
  );
  assert.match(outcome ?? '', /^deferred 451 4\.4\.1 No answer: connect ECONNREFUSED 127\.0\.0\.2/);
  assert.equal(sink.counts.messages, 0);
});

/** A server with STARTTLS, or TLS from the first byte. */
function tlsServer(keywords: readonly string[] = [], isImplicit = false): Promise<ScriptedServer> {
  return startScripted(async (talk) => {
    if (isImplicit) await talk.secure();
    else {
      await greet(talk, 'STARTTLS', 'PIPELINING');
      if ((await talk.hear()) !== 'STARTTLS') return;
      talk.say('220 Go');
      await talk.secure();
      await greetAgain(talk, keywords);
      return;
    }
    await takeAll(talk, keywords);
  });
}

/** As takeAll, without a greeting. */
async function greetAgain(talk: Talk, keywords: readonly string[]): Promise<void> {
  const silent: Talk = Object.create(talk, {
    say: {
      value: (...lines: string[]) => {
        if (!lines[0]?.startsWith('220')) talk.say(...lines);
      },
    },
  });
  await takeAll(silent, keywords);
}

const tlsCases: readonly [
  name: string,
  tls: 'opportunistic' | 'required' | 'verified',
  ca: boolean,
  host: string,
  want: RegExp,
][] = [
  ['any certificate will do', 'opportunistic', false, 'mx1.test.example', /^relayed 250/],
  [
    'any certificate will do where TLS is required',
    'required',
    false,
    'mx1.test.example',
    /^relayed 250/,
  ],
  [
    'a certificate nobody trusts',
    'verified',
    false,
    'mx.test.example',
    /^deferred 451 4\.7\.5 TLS failed: self-signed/,
  ],
  [
    'a certificate for somebody else',
    'verified',
    true,
    'other.example',
    /^deferred 451 4\.7\.5 TLS failed: .*other\.example/,
  ],
  ['a certificate for the host', 'verified', true, 'mx.test.example', /^relayed 250/],
  ['a certificate for the address', 'verified', true, '127.0.0.1', /^relayed 250/],
];
for (const [name, tls, ca, host, want] of tlsCases)
  test(`TLS ${tls}: ${name}`, async () => {
    await using server = await tlsServer(['PIPELINING']);
    await using client = testClient(ca ? { ca: certificate.cert } : {});
    const targets = [
      { preference: 1, name: host, addresses: [{ address: loopback, class: 'public' as const }] },
    ];
    const hop = backend(server.port, { tls, place: { kind: 'mx', targets, port: server.port } });
    const [outcome] = outcomes(
      await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never),
    );
    assert.match(outcome ?? '', want);
    if (!outcome?.startsWith('relayed'))
      assert.ok(!server.heard.some((line) => line.startsWith('MAIL')));
  });

test('a handshake that fails is no obstacle where TLS is opportunistic, and is remembered', async () => {
  await using server = await startScripted(async (talk) => {
    await greet(talk, 'STARTTLS', 'PIPELINING');
    if ((await talk.hear()) === 'STARTTLS') {
      talk.say('220 Go');
      talk.sayRaw('no TLS at all\r\n');
      await talk.hear();
      return;
    }
    await talk.hearUntil('DATA');
    talk.say('250 Ok', '250 Ok', '354 Go');
    await talk.hearUntil('.');
    talk.say('250 2.0.0 Taken');
  });
  await using client = testClient();
  for (const tls of ['opportunistic', 'opportunistic', 'required'] as const) {
    const transport = client.transportTo(backend(server.port, { tls }));
    const [outcome] = outcomes(await transport.deliver(shipmentTo(['a@x.example']), never));
    assert.match(outcome ?? '', tls === 'required' ? /^deferred 451 4\.5\.0/ : /^relayed 250/);
  }
  assert.equal(server.connections, 4);
});

test('TLS from the first byte, and a login', async () => {
  await using server = await tlsServer(['PIPELINING', 'AUTH PLAIN'], true);
  await using client = testClient();
  const login = { user: 'ann', password: 'secret' };
  const hop = backend(server.port, { tls: 'required', implicitTls: true, login });
  // takeAll answers AUTH with 250, which is not the reply that it takes.
  const [outcome] = outcomes(
    await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never),
  );
  assert.match(outcome ?? '', /^deferred 451 4\.5\.0/);
  assert.ok(server.heard.includes(`AUTH PLAIN ${Buffer.from('\0ann\0secret').toString('base64')}`));
});

test('a password is not sent in plain', async () => {
  await using server = await startScripted((talk) => takeAll(talk, ['AUTH PLAIN LOGIN']));
  await using client = testClient();
  const hop = backend(server.port, {
    tls: 'opportunistic',
    login: { user: 'ann', password: 'secret' },
  });
  const delivered = await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
  assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.7\.0/);
  assert.ok(!server.heard.some((line) => line.startsWith('AUTH')));
});

test('a question about a recipient, and no message', async () => {
  await using sink = await startSmtpSink({
    onRcpt: (path) => (path.startsWith('no') ? { code: 550, lines: ['5.1.1 No'] } : null),
  });
  await using client = testClient();
  const hop = backend(sink.port);
  const known = await client.probe(hop, '', 'a@x.example', 3000);
  const unknown = await client.probe(hop, '', 'no@x.example', 3000);
  assert.ok(known.kind === 'answered' && known.reply.code === 250);
  assert.ok(unknown.kind === 'answered' && unknown.reply.status === '5.1.1');
  await client.transportTo(hop).deliver(shipmentTo(['a@x.example']), never);
  assert.deepEqual([sink.counts.connections, sink.counts.messages], [1, 1]);
});

test('a question that gets no answer about the recipient', async () => {
  await using sink = await startSmtpSink({ onMail: () => ({ code: 550, lines: ['5.7.1 No'] }) });
  await using mute = await startScripted(async (talk) => void (await talk.hear()));
  await using client = testClient();
  assert.deepEqual(await client.probe(backend(sink.port), '', 'a@x.example', 3000), {
    kind: 'silent',
    detail: '550 5.7.1 No',
  });
  assert.deepEqual(await client.probe(backend(mute.port), '', 'a@x.example', 50), {
    kind: 'silent',
    detail: 'no answer within 50 ms',
  });
  assert.equal((await client.probe(backend(1), '', 'a@x.example', 50)).kind, 'silent');
});
