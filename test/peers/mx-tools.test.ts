/**
 * Clients and sinks of others: swaks, and Postfix's smtp-source and smtp-sink.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { hashPassword } from '../../src/server/smtp/logins.ts';
import { certificate } from './certificate.ts';
import { openSink } from './counting-sink.ts';
import { openDns } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { whyNot } from './requirements.ts';
import { openSpillway } from './spillway.ts';
import { openTools } from './tools.ts';
import { until } from './until.ts';

const skip = await whyNot();
const host = addresses.server.v4;

test('swaks, smtp-source and smtp-sink find Spillway to be what they expect', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, {
    'sender.example': { MX: [[10, 'sender.example']], A: [addresses.sender.v4] },
  });
  await using tools = await openTools({ network });
  await using sink = await openSink(tools);
  await using spillway = await openSpillway({
    network,
    certificate,
    relay: { 'far.example': addresses.sink.v4 },
    smtp: `
submission = ["0.0.0.0:587"]
submissionTls = ["0.0.0.0:465"]
lmtp = ["0.0.0.0:24"]
xclient = ["${addresses.sender.v4}/32"]`,
    toml: `
[[logins]]
name = "ann"
password = "${await hashPassword('open sesame')}"
[[domains]]
name = "host.example"
mailboxes = ["bob", "carol"]
deliver = "maildir:/var/mail/{mailbox}"
`,
  });
  await spillway.start();
  const swaks = async (...more: readonly string[]) =>
    await tools.swaks(
      ['--server', host, '--from', 'ann@sender.example', '--to', 'bob@host.example', ...more],
      { accept: [0, 23, 24, 26, 28] },
    );
  /** Waits for a message with the text in it. */
  const arrived = async (mailbox: string, text: string): Promise<string> => {
    const folder = spillway.machine.path(`/var/mail/${mailbox}/new`);
    let found = '';
    await until(async () => {
      for (const name of await readdir(folder).catch(() => [])) {
        const content = await readFile(`${folder}/${name}`, 'utf8');
        if (content.includes(text)) found = content;
      }
      return found !== '';
    }, 5000);
    return found;
  };

  await t.test('plain and pipelined', async () => {
    assert.match(await swaks('--pipeline', '--body', 'one'), /<- {2}250 2\.0\.0 Taken/);
    assert.match(await arrived('bob', 'one'), /with ESMTP id/);
  });
  await t.test('STARTTLS', async () => {
    await swaks('--tls', '--body', 'two');
    assert.match(await arrived('bob', 'two'), /with ESMTPS id/);
  });
  for (const method of ['PLAIN', 'LOGIN']) {
    const login = ['--auth', method, '--auth-user', 'ann', '--to', 'bob@far.example'];
    await t.test(`AUTH ${method} on port 587 lets ann send elsewhere`, async () => {
      const before = sink.messages;
      const said = await swaks(
        '--port',
        '587',
        '--tls',
        ...login,
        '--auth-password',
        'open sesame',
      );
      assert.match(said, /<~ {2}235 2\.7\.0/);
      assert.match(said, /<~ {2}250 2\.0\.0 Taken/);
      assert.ok(await sink.reached(before + 1, 5000));
    });
    await t.test(`AUTH ${method} with a wrong password is refused`, async () => {
      const said = await swaks('--port', '587', '--tls', ...login, '--auth-password', 'sesame');
      assert.match(said, /<~\* 535 5\.7\.8/);
    });
  }
  await t.test('AUTH on port 465, encrypted from the first octet', async () => {
    const said = await swaks(
      ...['--port', '465', '--tls-on-connect', '--auth', 'PLAIN', '--auth-user', 'ann'],
      ...['--auth-password', 'open sesame', '--body', 'three'],
    );
    assert.match(said, /<~ {2}250 2\.0\.0 Taken/);
    assert.match(await arrived('bob', 'three'), /with ESMTPSA id/);
  });
  await t.test('port 587 takes nothing without a login, and offers none without TLS', async () => {
    assert.match(await swaks('--port', '587'), /<\*\* 5[35]0 5\.7\.[01]/);
  });
  await t.test('no open relay', async () => {
    assert.match(await swaks('--to', 'bob@elsewhere.example'), /<\*\* 550 5\.7\.1/);
  });
  await t.test('LMTP: a reply for each recipient', async () => {
    const said = await swaks(
      ...['--protocol', 'LMTP', '--port', '24', '--body', 'four'],
      ...['--to', 'bob@host.example,carol@host.example,eve@host.example'],
    );
    assert.match(said, /<\*\* 550 5\.1\.1/);
    assert.match(await arrived('carol', 'four'), /with LMTP id/);
    assert.match(await arrived('bob', 'four'), /with LMTP id/);
  });
  await t.test('XCLIENT: another client is told of', async () => {
    const said = await swaks(...['--xclient-addr', '198.51.100.7', '--body', 'five']);
    assert.match(said, /XCLIENT/);
    assert.match(
      await arrived('bob', 'five'),
      /^Received: from sender\.example \(\[198\.51\.100\.7\]\)/m,
    );
  });

  await t.test(
    'smtp-source to smtp-sink: 1,000 messages, one or many for each connection',
    async () => {
      for (const many of [[], ['-d']]) {
        const before = sink.messages;
        await tools.smtpSource([
          ...['-s', '20', '-l', '4096', '-m', '500', ...many],
          ...['-f', 'ann@sender.example', '-t', 'bob@far.example', `${host}:25`],
        ]);
        assert.ok(await sink.reached(before + 500, 20_000), `${sink.messages - before} of 500`);
      }
      assert.ok(await until(async () => (await spillway.queued()) === 0, 5000));
    },
  );
  await t.test('smtp-source by LMTP', async () => {
    await tools.smtpSource([
      ...['-L', '-s', '5', '-m', '50', '-f', 'ann@sender.example'],
      ...['-t', 'carol@host.example', `${host}:24`],
    ]);
    const folder = spillway.machine.path('/var/mail/carol/new');
    assert.ok(await until(async () => (await readdir(folder)).length === 51, 5000));
  });
});
