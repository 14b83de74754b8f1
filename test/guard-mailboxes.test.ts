/**
 * The guard as a user has it beside a server that takes everything: it knows mailboxes from lists, and
 * from the server behind.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { onlyMailboxes, startSmtpSink } from '../src/replay/smtp-sink.ts';
import { mta, readReplies } from './milter/mta.ts';
import { type Running, spillway, startServer } from './program.ts';

/** Nobody answers at the name server. */
function configure(folder: string, more: string, listen = '[]'): string {
  const config = join(folder, 'spillway.toml');
  writeFileSync(
    config,
    `[dns]
servers = ["127.0.0.1:9"]
timeout = "250ms"
[guard]
milter = ["127.0.0.1:0"]
socketmap = []
policy = []
readsocket = []
filter = []
[checks.sender]
mode = "off"
[store]
url = "sqlite:${folder}/data"
[smtp]
listen = ${listen}
name = "mx.hosted.example"
${more}`,
  );
  return config;
}

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-guard-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Asked {
  readonly from?: string;
  readonly helo?: string;
  readonly address?: string;
}

/** The answer at RCPT for each path, as the milter of a mail server that says nothing of next hops. */
async function rcpt(
  { ports }: Running,
  paths: readonly string[],
  { from = 'ann@client.example', helo = 'client.example', address = '192.0.2.7' }: Asked = {},
): Promise<string[]> {
  const socket = connect(ports.get('milter') ?? 0, '127.0.0.1');
  socket.write(
    Buffer.concat([
      ...[mta.negotiate(), mta.connect(helo, address), mta.helo(helo), mta.mail(`<${from}>`)],
      ...paths.map((path) => mta.rcpt(`<${path}>`)),
    ]),
  );
  let got = Buffer.alloc(0);
  while (readReplies(got).length < paths.length + 2) {
    const [bytes] = await once(socket, 'data');
    got = Buffer.concat([got, bytes]);
  }
  socket.end(mta.quit());
  return readReplies(got).slice(2);
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
