/**
 * Dovecot behind Spillway, by LMTP: asked who exists, handed the message while the client waits.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDovecot } from './dovecot.ts';
import { openDns } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { whyNot } from './requirements.ts';
import { openSpillway } from './spillway.ts';
import { openTools } from './tools.ts';
import { until } from './until.ts';

const skip = await whyNot();

test('Dovecot as the backend of a domain: unknown mailboxes and what it refuses never get in', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, {
    'sender.example': { MX: [[10, 'sender.example']], A: [addresses.sender.v4] },
  });
  await using dovecot = await openDovecot({
    network,
    side: 'peer',
    hostName: 'mail.host.example',
    mailboxes: ['bob@host.example', 'carol@host.example'],
    quota: 20_000,
  });
  await using spillway = await openSpillway({
    network,
    toml: `
[[domains]]
name = "host.example"
deliver = "lmtp:${addresses.peer.v4}:24"
cutThrough = true
`,
  });
  await using tools = await openTools({ network });
  await Promise.all([dovecot.start(), spillway.start()]);
  const send = async (to: string, body = 'Hello.') =>
    await tools.swaks(
      [
        ...['--server', addresses.server.v4, '--from', 'ann@sender.example', '--to', to],
        ...['--body', body, '--pipeline', '--suppress-data'],
      ],
      { accept: [0, 24, 26] },
    );

  await t.test('a mailbox that Dovecot has gets its mail at once', async () => {
    const said = await send('bob@host.example');
    assert.match(said, /<- {2}250 2\.\d\.\d /);
    // It was there before the client was told.
    const messages = await dovecot.messages('bob@host.example');
    assert.equal(messages.length, 1, await spillway.output());
    assert.match(messages[0] ?? '', /Hello\./);
    assert.match(messages[0] ?? '', /by mx\.host\.example \(Spillway\)/);
  });

  await t.test('one that it has not is refused at RCPT', async () => {
    const said = await send('nobody@host.example');
    assert.match(said, /<\*\* 550 5\.1\.1 /);
  });

  await t.test(
    "a full mailbox: Dovecot's refusal is the client's, and no notice is written",
    async () => {
      const said = await send('carol@host.example', 'much\n'.repeat(8000));
      assert.match(said, /<\*\* 5\d\d 5\.2\.2 /, said);
      assert.deepEqual(await dovecot.messages('carol@host.example'), []);
      assert.equal(await spillway.queued(), 0);
    },
  );

  await t.test(
    'while Dovecot is away, mail for a mailbox known before waits in the queue',
    async () => {
      await dovecot.stop();
      assert.match(await send('bob@host.example', 'Later.'), /<- {2}250 2\.\d\.\d Taken/);
      assert.match(await send('eve@host.example'), /<\*\* 451 4\./);
      assert.equal(await spillway.queued(), 1);
      await dovecot.start();
      await spillway.command(['queue', 'retry', '--recipient', 'bob@host.example', '--apply']);
      assert.ok(
        await until(async () => (await dovecot.messages('bob@host.example')).length === 2),
        await spillway.output(),
      );
      assert.ok(await until(async () => (await spillway.queued()) === 0, 5000));
    },
  );
});
