/** Clients that ask too much, say too little, or take too long. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { clientKey } from '../../src/server/smtp/crowd.ts';
import { startTestServer, type TestServer } from './server.ts';
import { Talk } from './talk.ts';

const hello = async (server: TestServer) => await (await Talk.dial(server)).hello();
const lookEvery = 5;

test('one client has so many connections, our own networks any number', async () => {
  const limits = { connectionsPerClient: 2 };
  for (const relayNetworks of [[], ['127.0.0.0/8']]) {
    await using server = await startTestServer({ limits, relayNetworks });
    await using one = await hello(server);
    await using two = await hello(server);
    await using three = await Talk.dial(server);
    const want = relayNetworks.length > 0 ? /^220 / : /^421 Too many connections from your address/;
    assert.match(await three.reply(), want);
    if (relayNetworks.length > 0) continue;
    await three.closed();
    one.socket.destroy();
    while (server.crowd.connections > 1) await new Promise((resolve) => setImmediate(resolve));
    await using four = await Talk.dial(server);
    assert.match(await four.reply(), /^220 /);
    assert.match(await two.say('NOOP'), /^250/);
  }
});

test('all clients have so many connections', async () => {
  await using server = await startTestServer({ limits: { connections: 1 } });
  await using one = await hello(server);
  await using two = await Talk.dial(server);
  assert.match(await two.reply(), /^421 Too many connections, try again/);
  await two.closed();
  assert.match(await one.say('NOOP'), /^250/);
});

test('who comes too often is sent away', async () => {
  await using server = await startTestServer({ limits: { arrivalsPerClient: 2 } });
  for (const want of ['220', '220', '421']) {
    await using talk = await Talk.dial(server);
    assert.equal((await talk.reply()).slice(0, 3), want);
  }
});

test('who names too many unknown recipients is sent away, and slowed down in the next session', async () => {
  const limits = { unknownPerSession: 3, unknownPerClient: 4, slowReply: 60, errorsPerSession: 99 };
  await using server = await startTestServer({ limits });
  const invented = 'RCPT TO:<eve@example.org>';
  await using talk = await hello(server);
  const said = await talk.codes('MAIL FROM:<x@a.example>', invented, invented, invented, invented);
  assert.equal(said, '250 550 550 550 421');
  await talk.closed();
  await using again = await hello(server);
  await again.codes('MAIL FROM:<x@a.example>', invented);
  const since = performance.now();
  assert.equal(await again.codes(invented), '550');
  assert.ok(performance.now() - since >= 55);
  assert.equal(
    await again.codes('RCPT TO:<ann@example.org>'),
    '250',
    'who is known is still taken',
  );
});

test('too many errors end the session', async () => {
  await using server = await startTestServer({ limits: { errorsPerSession: 3 } });
  await using talk = await hello(server);
  assert.equal(await talk.codes('FOO', 'FOO', 'FOO'), '500 500 500');
  assert.match(await talk.reply(), /^421 /);
  await talk.closed();
});

test('too many recipients and too many messages are for another transaction', async () => {
  await using server = await startTestServer({ limits: { recipients: 1, messagesPerSession: 1 } });
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>');
  assert.match(await talk.say('RCPT TO:<bob@example.org>'), /^452 4\.5\.3/);
  await talk.say('DATA');
  assert.match(await talk.say('A: b\r\n.'), /^250/);
  assert.match(await talk.say('MAIL FROM:<x@a.example>'), /^421 /);
});

test('a silent client is told and let go; so is one that whispers through a message', async () => {
  await using server = await startTestServer({ limits: { idle: 40, minimumRate: 1e6 }, lookEvery });
  await using silent = await hello(server);
  await using whisperer = await hello(server);
  await whisperer.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  const whisper = setInterval(() => whisperer.send('x'), 5);
  assert.match(await silent.reply(), /^421 4\.4\.2/);
  assert.match(await whisperer.reply(), /^421 4\.4\.2/);
  clearInterval(whisper);
  await Promise.all([silent.closed(), whisperer.closed()]);
  await server.quiet();
  assert.deepEqual(await server.messages(), []);
});

test('a session has an end, however busy', async () => {
  await using server = await startTestServer({
    limits: { session: 40, errorsPerSession: 1e6 },
    lookEvery,
  });
  await using talk = await hello(server);
  let said = '';
  while (!said.startsWith('4') && said !== 'closed') said = await talk.say('NOOP');
  assert.match(said, /^421 4\.4\.2/);
  await talk.closed();
});

test('a message has an end, however busy', async () => {
  await using server = await startTestServer({ limits: { session: 60 }, lookEvery });
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>');
  talk.send('BDAT 999999999999\r\n');
  const flow = setInterval(() => talk.send('x'.repeat(1_000)), 2);
  assert.match(await talk.reply(), /^421 4\.4\.2/);
  clearInterval(flow);
  await talk.closed();
});

test('a client that reads nothing is let go', async () => {
  await using server = await startTestServer({
    limits: { idle: 60, errorsPerSession: 1e9 },
    lookEvery,
  });
  await using talk = await hello(server);
  talk.socket.pause();
  const line = Buffer.from('HELP\r\n'.repeat(10_000));
  talk.socket.on('error', () => {});
  const write = () => {
    for (let i = 0; i < 20 && talk.socket.writable; i++) talk.socket.write(line);
  };
  write();
  await server.quiet();
});

test('what is too large is refused: announced, sent, or in the header', async () => {
  const limits = { messageSize: 10_000, headerSize: 1_000 };
  await using server = await startTestServer({ limits });
  await using talk = await hello(server);
  assert.match(await talk.say('MAIL FROM:<x@a.example> SIZE=10001'), /^552 5\.3\.4/);
  const to = ['ann@example.org'];
  const long = `A: b\r\n\r\n${'x'.repeat(9_995)}`;
  assert.match(await talk.deliver('x@a.example', to, long), /^552 5\.3\.4 Message/);
  const header = `A: ${'x'.repeat(1_000)}\r\n\r\nb`;
  assert.match(await talk.deliver('x@a.example', to, header), /^552 5\.3\.4 Header/);
  assert.match(await talk.deliver('x@a.example', to, `A: b\r\n\r\n${'x'.repeat(9_000)}`), /^250 /);
  assert.equal((await server.messages()).length, 1);
});

test('messages that were begun while there was room do not fill the memory later', async () => {
  const limits = { bytesInFlight: 100_000 };
  await using server = await startTestServer({ limits });
  const talks: Talk[] = [];
  for (let i = 0; i < 10; i++) {
    const talk = await hello(server);
    await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
    talks.push(talk);
  }
  let most = 0;
  const said: string[] = [];
  const header = `A: ${'x'.repeat(39_990)}\r\n`;
  for (const talk of talks) talk.send(header.repeat(2));
  for (const talk of talks) {
    most = Math.max(most, server.crowd.bytes);
    said.push((await talk.say('\r\nb\r\n.')).slice(0, 9));
    talk.socket.destroy();
  }
  assert.ok(most < 200_000, `${most} octets in memory`);
  assert.deepEqual([...new Set(said)].sort(), ['250 2.0.0', '452 4.3.1']);
  await server.quiet();
  assert.equal(server.crowd.bytes, 0);
});

test('what is refused already takes no memory while its rest comes in', async () => {
  await using server = await startTestServer({ limits: { headerSize: 1_000 } });
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  talk.send(`A: ${'x'.repeat(500)}\r\n`);
  while (server.crowd.bytes === 0) await new Promise((resolve) => setImmediate(resolve));
  talk.send(`A: ${'x'.repeat(2_000)}\r\n`);
  while (server.crowd.bytes > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(await talk.say('.'), /^552 5\.3\.4 Header/);
});

test('while too much is on its way in, no other message is begun', async () => {
  await using server = await startTestServer({ limits: { bytesInFlight: 1_000 } });
  await using one = await hello(server);
  await one.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  one.send(`A: b\r\n\r\n${'x'.repeat(2_000)}\r\n`);
  while (server.crowd.bytes < 1_000) await new Promise((resolve) => setImmediate(resolve));
  await using two = await hello(server);
  assert.match(await two.deliver('x@a.example', ['ann@example.org'], 'A: b'), /^452 4\.3\.1/);
  assert.match(await one.say('.'), /^250 /);
  assert.match(await two.deliver('x@a.example', ['ann@example.org'], 'A: b'), /^250 /);
});

test('stopping lets a message come to its end, and the client hears why no other is taken', async () => {
  const server = await startTestServer();
  await using idle = await hello(server);
  await using busy = await hello(server);
  await busy.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  busy.send('Subject: half');
  while (server.crowd.bytes === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = server.listener.close();
  assert.match(await idle.reply(), /^421 4\.3\.2/);
  assert.match(await busy.say(' a message\r\n.'), /^250 /);
  assert.match(await busy.reply(), /^421 4\.3\.2/);
  await closed;
  assert.equal((await server.messages()).length, 1);
  await server[Symbol.asyncDispose]();
});

const keys: readonly [address: string | null, key: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3::4', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
  [null, 'local'],
];
for (const [address, key] of keys)
  test(`a client at ${address} is known as ${key}`, () => assert.equal(clientKey(address), key));
