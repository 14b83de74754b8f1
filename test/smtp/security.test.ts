/** TLS, logins, and proxies that speak for others. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createSecureContext } from 'node:tls';
import { parseNetwork } from '../../src/mail/ip.ts';
import { createLogins, hashPassword } from '../../src/server/smtp/logins.ts';
import { readCertificate } from '../../src/server/smtp/tls.ts';
import { certificate as pem } from '../delivery/certificate.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startTestServer } from './server.ts';
import { Talk } from './talk.ts';

const certificate = createSecureContext(pem);
const loopback = [parseNetwork('127.0.0.0/8') ?? assert.fail()];
const logins = createLogins([['ann', await hashPassword('a secret')]]);
const plain = (user: string, password: string) =>
  Buffer.from(`\0${user}\0${password}`).toString('base64');

test('STARTTLS: what is said afterwards is taken, and Received says so', async () => {
  await using server = await startTestServer({ certificate });
  await using talk = await (await Talk.dial(server)).hello();
  assert.match(await talk.say('EHLO client.example'), /250[ -]STARTTLS/);
  assert.match(await talk.say('STARTTLS'), /^220 /);
  await talk.secure();
  assert.doesNotMatch(await talk.say('EHLO client.example'), /STARTTLS/);
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n'), /^250 /);
  const [message] = await server.messages();
  assert.match(message?.content ?? '', /with ESMTPS id/);
  assert.match(message?.content ?? '', /\(TLSv1\.3 cipher TLS_AES_/);
});

test('STARTTLS: plain text behind the command is answered neither before nor after', async () => {
  await using server = await startTestServer({ certificate });
  await using talk = await (await Talk.dial(server)).hello();
  talk.send('STARTTLS\r\nNOOP\r\nMAIL FROM:<x@a.example>\r\n');
  assert.match(await talk.reply(), /^554 5\.5\.0/);
  await talk.closed();
});

test('STARTTLS: plain text that comes a little later is no command either', async () => {
  await using server = await startTestServer({ certificate });
  await using talk = await (await Talk.dial(server)).hello();
  assert.match(await talk.say('STARTTLS'), /^220 /);
  talk.send('MAIL FROM:<x@a.example>\r\n');
  await talk.closed();
  assert.deepEqual(await server.messages(), []);
});

test('what was said before STARTTLS is forgotten', async () => {
  await using server = await startTestServer({ certificate });
  await using talk = await (await Talk.dial(server)).hello();
  await talk.say('STARTTLS');
  await talk.secure();
  assert.match(await talk.say('MAIL FROM:<x@a.example>'), /^503 /);
});

test('implicit TLS, with mail after it', async () => {
  await using server = await startTestServer({ certificate, implicitTls: true });
  await using talk = await (await Talk.dialTls(server)).hello();
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n'), /^250 /);
  await talk.say('QUIT');
  await talk.closed();
});

test('a client that does not shake hands is let go', async () => {
  const limits = { handshake: 20 };
  await using server = await startTestServer({
    certificate,
    implicitTls: true,
    limits,
    lookEvery: 10,
  });
  await using talk = await Talk.dial(server);
  await talk.closed();
});

test('submission: no mail without TLS, and none without a login', async () => {
  await using server = await startTestServer({ kind: 'submission', certificate, logins });
  await using talk = await (await Talk.dial(server)).hello();
  assert.match(await talk.say('MAIL FROM:<ann@example.org>'), /^530 5\.7\.0 Must issue/);
  assert.doesNotMatch(await talk.say('EHLO client.example'), /AUTH/);
  await talk.say('STARTTLS');
  await talk.secure();
  assert.match(await talk.say('EHLO client.example'), /AUTH PLAIN LOGIN/);
  assert.match(await talk.say('MAIL FROM:<ann@example.org>'), /^530 5\.7\.0 Authentication/);
  assert.match(await talk.say(`AUTH PLAIN ${plain('ann', 'a secret')}`), /^235 /);
  const said = await talk.deliver('ann@example.org', ['z@far.example'], 'A: b\r\n');
  assert.match(said, /^250 /);
  const [message] = await server.messages();
  assert.equal(message?.proof.login, 'ann');
  assert.match(message?.content ?? '', /with ESMTPSA id/);
  assert.match(
    message?.content ?? '',
    /\r\nDate: .*\r\nMessage-ID: <[0-9a-z]{11}@mx\.example\.org>/,
  );
});

test('a wrong password and a wrong name are refused alike, and after some of them all are', async () => {
  const limits = { failedLoginsPerClient: 2, slowReply: 1 };
  const kind = 'submission';
  await using server = await startTestServer({
    kind,
    certificate,
    logins,
    limits,
    implicitTls: true,
  });
  await using talk = await (await Talk.dialTls(server)).hello();
  assert.match(await talk.say(`AUTH PLAIN ${plain('ann', 'wrong')}`), /^535 5\.7\.8/);
  assert.match(await talk.say(`AUTH PLAIN ${plain('eve', 'a secret')}`), /^535 5\.7\.8/);
  assert.match(await talk.say(`AUTH PLAIN ${plain('ann', 'a secret')}`), /^454 4\.7\.0/);
  await talk.closed();
});

test('a named proxy says who the client is, before TLS as before plain text', async () => {
  for (const implicitTls of [false, true]) {
    await using server = await startTestServer({
      certificate,
      implicitTls: false,
      proxyNetworks: loopback,
    });
    await using talk = await Talk.dial(server);
    talk.send('PROXY TCP4 192.0.2.77 192.0.2.1 4711 25\r\n');
    await talk.hello();
    if (implicitTls) {
      await talk.say('STARTTLS');
      await talk.secure();
      await talk.say('EHLO client.example');
    }
    await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n');
    const [message] = await server.messages();
    assert.equal(message?.client?.address, '192.0.2.77');
    assert.match(message?.content ?? '', /\(\[192\.0\.2\.77\]\)/);
  }
});

test('a PROXY header goes before an implicit handshake that comes in the same piece', async () => {
  await using server = await startTestServer({
    certificate,
    implicitTls: true,
    proxyNetworks: loopback,
  });
  await using talk = await Talk.dial(server);
  talk.send('PROXY TCP4 192.0.2.77 192.0.2.1 4711 25\r\n');
  await talk.secure();
  await talk.hello();
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n'), /^250 /);
});

test('a proxy that says nothing, or something else, is let go', async () => {
  await using server = await startTestServer({
    proxyNetworks: loopback,
    limits: { handshake: 20 },
    lookEvery: 10,
  });
  await using silent = await Talk.dial(server);
  await using loud = await Talk.dial(server);
  loud.send('EHLO client.example\r\n');
  await Promise.all([silent.closed(), loud.closed()]);
});

test('XCLIENT is for named proxies, and what they say counts', async () => {
  await using closed = await startTestServer();
  await using stranger = await (await Talk.dial(closed)).hello();
  assert.match(await stranger.say('XCLIENT ADDR=192.0.2.9'), /^550 /);
  await using server = await startTestServer({ xclientNetworks: loopback });
  await using talk = await (await Talk.dial(server)).hello();
  assert.match(await talk.say('XCLIENT ADDR=192.0.2.9 NAME=mx.remote.example'), /^220 /);
  await talk.say('EHLO client.example');
  await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n');
  const [message] = await server.messages();
  assert.match(message?.content ?? '', /\(mx\.remote\.example \[192\.0\.2\.9\]\)/);
  await talk.say('QUIT');
  await talk.closed();
  await server.quiet();
});

test('certificates are read from files, and a broken one is named', async () => {
  using folder = temporaryFolder();
  const [cert, key, broken] = ['cert.pem', 'key.pem', 'broken.pem'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string];
  writeFileSync(cert, pem.cert);
  writeFileSync(key, pem.key);
  writeFileSync(broken, 'nothing');
  await using server = await startTestServer({ certificate: null });
  await using before = await (await Talk.dial(server)).hello();
  server.reload({ certificate: await readCertificate(cert, key) });
  await using fresh = await (await Talk.dial(server)).hello();
  assert.match(await fresh.say('STARTTLS'), /^220 /);
  assert.match(await before.say('STARTTLS'), /^502 /, 'old connections keep what they began with');
  await assert.rejects(readCertificate(broken, key), {
    code: 'CERTIFICATE',
    message: /broken\.pem/,
  });
  await assert.rejects(readCertificate('/nowhere.pem', key), { code: 'CERTIFICATE' });
});
