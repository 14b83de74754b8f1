/**
 * The guard as a user has it beside a server that takes everything: it knows mailboxes from lists, and
 * from the server behind.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { onlyMailboxes, startSmtpSink } from '../src/replay/smtp-sink.ts';
import { type AskedMessage, askRecipients } from './milter/ask-recipients.ts';
import { type Running, spillway, startServer } from './program.ts';
import { writeQuietConfig } from './quiet-config.ts';

function configure(folder: string, more: string, listen = '[]'): string {
  return writeQuietConfig(
    folder,
    `[checks.sender]
mode = "off"
[smtp]
listen = ${listen}
name = "mx.hosted.example"
${more}`,
  );
}

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-guard-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The answers to a mail server that says nothing of next hops. */
function rcpt({ ports }: Running, paths: readonly string[], asked?: AskedMessage) {
  return askRecipients(ports.get('milter') ?? 0, paths, asked);
}

const unknown = 'y 550 5.1.1 No such mailbox here';
const uncertain = 'y 451 4.1.1 Mailbox cannot be verified now, try again later';

test('the server behind is asked, its answers outlive a restart, and each refusal has its receipt', async (t) => {
  const folder = openFolder(t);
  await using backend = await startSmtpSink({ onRcpt: onlyMailboxes(['ann@hosted.example']) });
  const deliver = `deliver = "smtp:127.0.0.1:${backend.port}"`;
  const config = configure(folder, `[[domains]]\nname = "hosted.example"\n${deliver}\n`);
  const first = await startServer(t, config);
  assert.match(
    first.welcome,
    /on guard.*recipients +hosted\.example: whom the server behind knows/s,
  );
  const paths = ['ann@hosted.example', 'x7@hosted.example', 'ANN+news@Hosted.example'];
  assert.deepEqual((await rcpt(first, paths)).slice(0, 2), ['c', unknown]);
  // A name that nobody lists is judged by its route, which DNS does not tell here.
  assert.match((await rcpt(first, ['ann@good.example'])).join(), /^y 451 4\.4\.3 /);
  assert.equal(await first.stop(), 0);

  await backend.close();
  const again = await startServer(t, config);
  const answers = await rcpt(again, [
    'ann@hosted.example',
    'x7@hosted.example',
    'x8@hosted.example',
  ]);
  assert.deepEqual(answers, ['c', unknown, uncertain]);
  assert.equal(await again.stop(), 0);
  const { out } = await spillway('journal', '--config', config, '--json', '--check', 'mailbox');
  const receipts = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ action, reason, domain }) => `${action} ${reason} ${domain}`);
  assert.ok(receipts.includes('refuse mailbox-unknown hosted.example'), out);
  assert.ok(receipts.includes('defer mailbox-uncertain hosted.example'), out);
});

test('a tagged recipient is the mailbox behind the tag', async (t) => {
  const folder = openFolder(t);
  const config = configure(folder, '[[domains]]\nname = "hosted.example"\nmailboxes = ["ann"]\n');
  const server = await startServer(t, config);
  const tagged = ['prvs=0340f89b2a=ann@hosted.example', 'prvs=0340f89b2a=bob@hosted.example'];
  assert.deepEqual(await rcpt(server, tagged, { from: '' }), ['c', unknown]);
  assert.equal(await server.stop(), 0);
});

test('lists are read anew, a watching check refuses nobody, and its own question is no circle', async (t) => {
  const folder = openFolder(t);
  const list = join(folder, 'recipients');
  writeFileSync(list, 'ann@hosted.example yes\n');
  const domains = `[[domains]]\nname = "hosted.example"\nmaps = ["recipients:${list}"]\n`;
  const config = configure(folder, domains);
  const server = await startServer(t, config);
  const paths = ['ann@hosted.example', 'bob@hosted.example', 'postmaster@hosted.example', 'root'];
  assert.deepEqual(await rcpt(server, paths), ['c', unknown, 'c', 'c']);
  const probe = { from: '', helo: 'mx.hosted.example', address: '127.0.0.1' };
  assert.match((await rcpt(server, ['bob@hosted.example'], probe)).join(), /^y 451 4\.4\.3 /);
  assert.deepEqual(await rcpt(server, ['bob@hosted.example'], { ...probe, address: '192.0.2.7' }), [
    unknown,
  ]);

  configure(folder, `[checks.mailbox]\nmode = "watch"\n${domains}`);
  server.child.kill('SIGHUP');
  await server.logged('the configuration was read again');
  assert.deepEqual(await rcpt(server, paths), ['c', 'c', 'c', 'c']);
  assert.equal(await server.stop(), 0);
});

test('what is taken without any setting says nothing of a server that is guarded', async (t) => {
  const folder = openFolder(t);
  const config = configure(folder, '', '["127.0.0.1:0"]');
  const server = await startServer(t, config);
  // Not 550 5.1.1: the guarded server has mailboxes of its own there.
  for (const answer of await rcpt(server, ['nobody@localhost']))
    assert.doesNotMatch(answer, / 5\.1\.1 /);
  assert.equal(await server.stop(), 0);
});
