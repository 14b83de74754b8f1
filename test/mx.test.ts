/**
 * The mail server as a user has it: the program with a configuration, mail over a socket, files.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { sinkReply, startSmtpSink } from '../src/replay/smtp-sink.ts';
import { certificate } from './delivery/certificate.ts';
import { type Running, spillway, spillwayWith, startServer } from './program.ts';
import { writeQuietConfig } from './quiet-config.ts';
import { Talk } from './smtp/talk.ts';

interface Place {
  readonly folder: string;
  readonly config: string;
  /** Writes the configuration anew. */
  write(more: string, smtp?: string): void;
}

const isRoot = process.getuid?.() === 0;

/** A folder with a configuration; nobody answers at its name server. */
function setUp(t: TestContext, more: string, smtp = ''): Place {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-mx-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (text: string, inSmtp = '') =>
    writeQuietConfig(
      folder,
      `[smtp]
listen = ["127.0.0.1:0"]
name = "mx.hosted.example"
${inSmtp}
${text}`,
      [],
    );
  const config = write(more, smtp);
  return { folder, config, write };
}

const hosted = `[[domains]]
name = "hosted.example"
mailboxes = ["ann", "bob"]
[domains.aliases]
info = "ann"
team = ["ann", "bob"]
`;

async function dial({ ports }: Running, listener = 'smtp'): Promise<Talk> {
  const talk = await Talk.dial({ host: '127.0.0.1', port: ports.get(listener) ?? 0 });
  return await talk.hello();
}

/** The last reply: to the end of the message, or to what was refused before. */
async function send(talk: Talk, to: string, text: string, from = 'ann@hosted.example') {
  for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
    const reply = await talk.say(line);
    if (/^[23]/.test(reply)) continue;
    await talk.say('RSET');
    return reply;
  }
  return await talk.say(`Subject: ${text}\r\n\r\n${text}\r\n.`);
}

/** What is in a Maildir, the newest last. */
function mailOf({ folder }: Place, mailbox: string): string[] {
  const place = join(folder, 'data/mail/hosted.example', mailbox, 'new');
  return readdirSync(place)
    .toSorted()
    .map((name) => readFileSync(join(place, name), 'latin1'));
}

/** A backend on a port of its own that has no time until it is told to take mail. */
async function startBackend(t: TestContext) {
  const state = { takes: false };
  const busy = sinkReply('451 4.3.2 Come back later');
  const sink = await startSmtpSink({ onRcpt: () => (state.takes ? null : busy) });
  t.after(() => sink.close());
  const domain = `[[domains]]
name = "behind.example"
mailboxes = ["carol"]
deliver = "smtp:127.0.0.1:${sink.port}"
`;
  return { sink, state, domain };
}

const queueOf = (place: Place, ...args: readonly string[]) =>
  spillway('queue', ...args, '--config', place.config);

async function listQueue(place: Place, ...args: readonly string[]) {
  const { out } = await queueOf(place, 'list', '--json', ...args);
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((line): { id: string; state: string } => JSON.parse(line));
}

// They wait more than they work.
describe('the mail server', { concurrency: 4 }, () => {
  test('mail for a mailbox, an alias and a list lands in Maildirs; nobody else has any', async (t) => {
    const place = setUp(t, hosted);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    assert.match(await send(talk, 'ann@hosted.example', 'one'), /^250 /);
    assert.match(await send(talk, 'info@hosted.example', 'two'), /^250 /);
    assert.match(await send(talk, 'team@Hosted.Example', 'three'), /^250 /);
    assert.match(await send(talk, 'nobody@hosted.example', 'four'), /^550 5\.1\.1 /);
    await server.logged('"msg":"delivered"', 4);
    const subjects = (mailbox: string) =>
      mailOf(place, mailbox).map((mail) => /^Subject: (\w+)/m.exec(mail)?.[1]);
    assert.deepEqual(subjects('ann').toSorted(), ['one', 'three', 'two']);
    assert.deepEqual(subjects('bob'), ['three']);
    assert.match(mailOf(place, 'bob')[0] ?? '', /^Return-Path: <ann@hosted\.example>/);
    assert.equal(await server.stop(), 0);
    assert.equal(statSync(join(place.folder, 'data/hop-secret')).mode & 0o777, 0o600);
  });

  test('without a word about domains, who runs it has a mailbox at localhost', async (t) => {
    const place = setUp(t, '');
    const server = await startServer(t, place.config);
    const { username } = userInfo();
    assert.match(server.welcome, new RegExp(`mail for +localhost: ${username}, to maildir:`));
    const talk = await dial(server);
    assert.match(await send(talk, `${username}@localhost`, 'hello', ''), /^250 /);
    await server.logged('"msg":"delivered"');
    assert.equal(readdirSync(join(place.folder, 'data/mail/localhost', username, 'new')).length, 1);
  });

  test('what waits survives kill -9, and is delivered once the backend takes it', async (t) => {
    const { sink, state, domain } = await startBackend(t);
    const place = setUp(t, hosted + domain);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    for (const subject of ['one', 'two', 'three'])
      assert.match(await send(talk, 'carol@behind.example', subject), /^250 /);
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    assert.equal((await listQueue(place)).length, 3);

    state.takes = true;
    const again = await startServer(t, place.config);
    await queueOf(place, 'retry', '--all', '--apply');
    await sink.until(({ messages }) => messages.length >= 3, 8000);
    await again.logged('"msg":"relayed"', 3);
    assert.deepEqual(await listQueue(place), []);
    assert.equal(await again.stop(), 0);
    assert.equal(sink.messages.length, 3);
  });

  test('the queue is changed beside a running server, and each purge leaves a receipt', async (t) => {
    const { domain } = await startBackend(t);
    const place = setUp(t, hosted + domain);
    assert.match((await queueOf(place, 'list')).out, /^No queue yet: .*queue\.sqlite/);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    await send(talk, 'carol@behind.example', 'one');
    await send(talk, 'carol@behind.example', 'two');
    await server.logged('"msg":"deferred"', 2);

    const dry = await queueOf(place, 'purge', '--domain', 'behind.example');
    assert.match(dry.out, /2 messages would be purged\. Nothing was changed: --apply does it\.\n$/);
    const purged = await queueOf(place, 'purge', '--domain', 'behind.example', '--apply');
    assert.match(purged.out, /^2 messages purged\.\nThey are kept until /);
    assert.deepEqual(await listQueue(place), []);
    const { out } = await spillway(
      'journal',
      '--json',
      '--reason',
      'purged',
      '--config',
      place.config,
    );
    assert.equal(out.trim().split('\n').length, 2);

    assert.equal(await server.stop(), 0);
    const undone = await queueOf(place, 'undo', '--domain', 'behind.example', '--apply');
    assert.match(undone.out, /^2 messages brought back\.\n$/);
    assert.equal((await listQueue(place)).map(({ state }) => state).join(' '), 'queued queued');
  });

  test('a reload keeps the connection, obeys the new configuration, and opens and closes listeners', async (t) => {
    const place = setUp(t, hosted);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    assert.match(await talk.say('MAIL FROM:<ann@hosted.example>'), /^250 /);
    assert.match(await talk.say('RCPT TO:<dora@hosted.example>'), /^550 5\.1\.1 /);

    const socket = join(place.folder, 'lmtp');
    place.write(
      hosted.replace('["ann", "bob"]', '["ann", "bob", "dora"]'),
      `lmtp = ["unix:${socket}"]`,
    );
    server.child.kill('SIGHUP');
    await server.logged('the configuration was read again');
    assert.ok(existsSync(socket));
    assert.match(await talk.say('RCPT TO:<dora@hosted.example>'), /^250 /);
    assert.match(await talk.say('DATA'), /^354 /);
    assert.match(await talk.say('Subject: kept\r\n\r\nkept\r\n.'), /^250 /);
    await server.logged('"msg":"delivered"');
    assert.equal(mailOf(place, 'dora').length, 1);

    place.write('[[domains]]\nname = "hosted.example"\nmailboxes = 7\n');
    server.child.kill('SIGHUP');
    await server.logged('the new configuration cannot be used; the old one stays');
    assert.match(server.log(), /domains\[0\]\.mailboxes: expected a list, found 7/);
    assert.match(await send(talk, 'dora@hosted.example', 'still'), /^250 /);

    place.write('', 'lmtp = ["unix:/nonexistent/lmtp"]');
    server.child.kill('SIGHUP');
    await server.logged('the new configuration cannot be used; the old one stays', 2);
    assert.match(server.log(), /Cannot listen on unix:\/nonexistent\/lmtp/);
    assert.match(await send(talk, 'dora@hosted.example', 'still'), /^250 /);

    place.write(hosted);
    server.child.kill('SIGHUP');
    await server.logged('the configuration was read again', 2);
    assert.match(await send(talk, 'dora@hosted.example', 'gone'), /^550 5\.1\.1 /);
    assert.ok(!existsSync(socket));
    assert.equal(await server.stop(), 0);
  });

  test('told to stop, it lets a message that is coming in be finished', async (t) => {
    const place = setUp(t, hosted);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    await talk.codes('MAIL FROM:<>', 'RCPT TO:<ann@hosted.example>', 'DATA');
    talk.send('Subject: last\r\n\r\n');
    const stopped = server.stop();
    await server.logged('stopping');
    assert.match(await talk.say('words\r\n.'), /^250 /);
    assert.equal(await stopped, 0);
    const again = await startServer(t, place.config);
    if ((await listQueue(place)).length > 0) await again.logged('"msg":"delivered"');
    assert.equal(mailOf(place, 'ann').length, 1);
  });

  test('told twice to stop, it ends at once', async (t) => {
    const place = setUp(t, hosted);
    const server = await startServer(t, place.config);
    const talk = await dial(server);
    await talk.codes('MAIL FROM:<>', 'RCPT TO:<ann@hosted.example>', 'DATA');
    const stopped = server.stop();
    await server.logged('stopping');
    server.child.kill('SIGTERM');
    assert.equal(await stopped, 1);
  });

  test('a second server on the same folder says so and ends with 2', async (t) => {
    const place = setUp(t, hosted);
    await startServer(t, place.config);
    const { status, err } = await spillway('run', '--config', place.config);
    assert.equal(status, 2);
    assert.match(err, /Cannot keep the queue in .*another server uses it/);
  });

  test('root binds, and becomes somebody else for good', {
    skip: isRoot ? false : 'needs root',
  }, async (t) => {
    const place = setUp(t, `[process]\nuser = "nobody"\n${hosted}`);
    chmodSync(place.folder, 0o755);
    const server = await startServer(t, place.config);
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
    const [, ids = ''] = /^Uid:\s+(.*)$/m.exec(status) ?? [];
    assert.equal(new Set(ids.split('\t')).size, 1);
    assert.notEqual(ids.split('\t')[0], '0');
    assert.match(status, /^CapPrm:\s+0+$/m);
    const talk = await dial(server);
    assert.match(await send(talk, 'ann@hosted.example', 'one'), /^250 /);
    await server.logged('"msg":"delivered"');
    assert.equal(statSync(join(place.folder, 'data/queue.sqlite')).uid, Number(ids.split('\t')[0]));
  });

  test('a guard alone makes no queue', async (t) => {
    const place = setUp(t, '');
    const text = readFileSync(place.config, 'utf8');
    writeFileSync(
      place.config,
      text
        .replace('listen = ["127.0.0.1:0"]', 'listen = []')
        .replace('milter = []', 'milter = ["127.0.0.1:0"]'),
    );
    const server = await startServer(t, place.config);
    assert.match(server.welcome, /^Spillway is on guard\./);
    assert.ok(!existsSync(join(place.folder, 'data/queue.sqlite')));
  });

  test('who has a password may send anywhere, over TLS', async (t) => {
    const { folder, ...place } = setUp(t, '');
    writeFileSync(join(folder, 'cert.pem'), certificate.cert);
    writeFileSync(join(folder, 'key.pem'), certificate.key);
    const { out: hash } = await spillwayWith('open sesame\n', 'password');
    place.write(
      `[smtp.tls]
certificate = "${folder}/cert.pem"
key = "${folder}/key.pem"
[relay]
networks = []
[[logins]]
name = "ann"
password = "${hash.trim()}"
${hosted}`,
      'submissionTls = ["127.0.0.1:0"]',
    );
    const server = await startServer(t, place.config);
    const port = server.ports.get('submissions') ?? 0;
    const talk = await Talk.dialTls({ host: '127.0.0.1', port });
    await talk.hello();
    assert.match(await talk.say('MAIL FROM:<ann@hosted.example>'), /^530 /);
    const login = (password: string) =>
      talk.say(`AUTH PLAIN ${Buffer.from(`\0ann\0${password}`).toString('base64')}`);
    assert.match(await login('wrong'), /^535 /);
    assert.match(await login('open sesame'), /^235 /);
    assert.match(await talk.say('MAIL FROM:<ann@hosted.example>'), /^250 /);
    const stranger = await dial(server);
    assert.match(await send(stranger, 'eve@elsewhere.example', 'spam'), /^550 5\.7\.1 /);
  });

  const broken: readonly [name: string, text: string, want: RegExp][] = [
    [
      'a certificate that is not there',
      '[smtp.tls]\ncertificate = "/nonexistent.pem"\nkey = "/nonexistent.key"\n',
      /Cannot use the certificate: .*\/nonexistent/,
    ],
    [
      'a user who is not there, or whom only root can become',
      '[process]\nuser = "no-such-user"\n',
      /\[process\].*(cannot become no-such-user|only root can become no-such-user)/,
    ],
    [
      'a list that is not there',
      '[[domains]]\nname = "a.example"\nmaps = ["list:/nonexistent"]\n',
      /\/nonexistent/,
    ],
  ];
  for (const [name, text, want] of broken)
    test(`${name} is told at the start, with 2`, async (t) => {
      const place = setUp(t, text);
      const { status, err } = await spillway('run', '--config', place.config);
      assert.match(err, want);
      assert.equal(status, 2);
    });
});
