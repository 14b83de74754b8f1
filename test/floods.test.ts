/**
 * A flood as a user sees it: it is recognised, the brake bites, wanted mail flows, it is told, and lifted.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openJournalStore } from '../src/store/open-journal.ts';
import { askRecipients } from './milter/ask-recipients.ts';
import { until } from './peers/until.ts';
import { type Running, spillway, startServer } from './program.ts';
import { writeQuietConfig } from './quiet-config.ts';
import { exampleIncident } from './store/journal-suite.ts';

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-flood-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function configure(folder: string, more: string): string {
  return writeQuietConfig(
    folder,
    `[checks.sender]
mode = "off"
[checks.recipient]
mode = "off"
[relay]
networks = []
[[domains]]
name = "hosted.example"
mailboxes = ["info"]
${more}`,
  );
}

/** One message's recipients over the milter, as the server of the client's door asks. */
function byMilter({ ports }: Running, from: string, address: string, paths: readonly string[]) {
  return askRecipients(ports.get('milter') ?? 0, paths, { from, address });
}

/** The same over SMTP, from a proxy that tells who the client is; replies to RCPT. */
async function bySmtp({ ports }: Running, from: string, client: string, paths: readonly string[]) {
  const socket = connect(ports.get('smtp') ?? 0, '127.0.0.1');
  socket.setEncoding('utf8');
  let got = '';
  const replyCount = () => got.split('\r\n').filter((line) => /^\d{3} /.test(line)).length;
  const reach = async (count: number) => {
    while (replyCount() < count) {
      const [text] = await Promise.race([once(socket, 'data'), once(socket, 'end')]);
      if (text === undefined) return;
      got += text;
    }
  };
  await reach(1);
  socket.write(`XCLIENT ADDR=${client}\r\n`);
  await reach(2);
  socket.write('EHLO client.example\r\n');
  await reach(3);
  socket.write(`MAIL FROM:<${from}>\r\n${paths.map((path) => `RCPT TO:<${path}>\r\n`).join('')}`);
  await reach(4 + paths.length);
  socket.destroy();
  return got
    .split('\r\n')
    .filter((line) => /^\d{3} /.test(line))
    .slice(4);
}

type Send = typeof bySmtp;
const invented = (client: number) =>
  Array.from({ length: 5 }, (_, i) => `x${client}-${i}@hosted.example`);

/** Forty clients, five recipients each. */
async function flood(server: Running, send: Send): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < 40; i++)
    answers.push(...(await send(server, 'nicholas@seaton.biz', `100.64.${i}.1`, invented(i))));
  return answers;
}

async function incidentsOf(config: string) {
  const { out } = await spillway('journal', '--incidents', '--json', '--config', config);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const doors: readonly [name: string, more: string, send: Send][] = [
  ['a milter', '[smtp]\nlisten = []\n', byMilter],
  ['SMTP', '[smtp]\nlisten = ["127.0.0.1:0"]\nxclient = ["127.0.0.0/8"]\n', bySmtp],
];
for (const [name, more, send] of doors)
  test(`a flood over ${name} is one incident, is braked, told and lifted`, async (t) => {
    const folder = openFolder(t);
    const config = configure(folder, `[checks.flood]\nmode = "enforce"\n${more}`);
    const server = await startServer(t, config);
    const answers = await flood(server, send);
    assert.match(answers[0] ?? '', /550 5\.1\.1 /);
    const braked = answers.filter((answer) => /450 4\.7\.1 .*\(\d{4}-\d\d-\d\d\.1\)/.test(answer));
    assert.ok(braked.length > 100, `${braked.length} of ${answers.length}`);
    const wanted = await send(server, 'ann@client.example', '100.64.200.1', [
      'info@hosted.example',
    ]);
    assert.match(wanted.join(), /^c$|^250 /);

    await server.logged('incident began: a flood in the name of nicholas@seaton.biz');
    const [incident, ...others] = await incidentsOf(config);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [incident.cause, incident.subject, incident.isOpen],
      ['forged-sender', 'nicholas@seaton.biz', true],
    );
    assert.equal(incident.senders.top[0].name, 'nicholas@seaton.biz');
    // An estimate, near it at such numbers.
    const { connections } = incident.received;
    assert.ok(connections >= 38 && connections <= 42, `${connections} connections`);
    const { out: goingOn } = await spillway('flood', '--config', config);
    assert.match(goingOn, /going on {2}a flood in the name of nicholas@seaton\.biz/);

    const { out: lifted } = await spillway('flood', 'lift', incident.id, '--config', config);
    assert.match(lifted, /lifted within seconds/);
    assert.equal(await server.stop(), 0);
    const again = await startServer(t, config);
    const free = await send(again, 'nicholas@seaton.biz', '100.64.1.1', ['info@hosted.example']);
    assert.match(free.join(), /^c$|^250 /);
    assert.equal(await again.stop(), 0);
    const [told] = await incidentsOf(config);
    assert.equal(told.received.recipients, 201);
    assert.equal(told.isLifted, true);
    assert.equal(told.received.connections, connections + 1);
    assert.ok(told.made.cpu > 0 && told.made.cpu < 60_000, `${told.made.cpu} ms of CPU`);
    const link = `/${incident.id.replaceAll('-', '/')}`;
    const { out } = await spillway('journal', link, '--config', config);
    assert.match(out, /a flood in the name of nicholas@seaton\.biz/);
    assert.match(out, /200 recipients refused/);
    assert.match(out, new RegExp(`; over about ${connections + 1} connections\\n`));
    assert.match(out, /; [\d.]+ s of CPU of Spillway's\n/);
    assert.match(out, /deferred \d+ times .*flood/);
  });

test('a client that is known as good is let pass in a flood, after restarts as well', async (t) => {
  const folder = openFolder(t);
  const config = configure(folder, '[checks.flood]\nmode = "enforce"\n[smtp]\nlisten = []\n');
  const now = Date.now();
  const good = ['100.64.200.1', now - 3 * 3_600_000, 100, 1, now - 1000];
  const other = ['100.64.200.2', now - 3 * 3_600_000, 10, 1, now - 1000];
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const path = join(folder, 'data', 'good-clients.jsonl');
  writeFileSync(path, `${JSON.stringify(good)}\n${JSON.stringify(other)}\n[torn`);
  const answer = async (server: Running, client: string) =>
    (await byMilter(server, 'nicholas@seaton.biz', client, ['info@hosted.example'])).join();
  const server = await startServer(t, config);
  await flood(server, byMilter);
  assert.match(await answer(server, '100.64.200.1'), /^c$/);
  assert.match(await answer(server, '100.64.200.2'), /450 4\.7\.1/);
  assert.equal(await server.stop(), 0);
  const again = await startServer(t, config);
  assert.match(await answer(again, '100.64.200.1'), /^c$/);
  assert.match(await answer(again, '100.64.200.2'), /450 4\.7\.1/);
  assert.equal(await again.stop(), 0);
  const [client, since, count] = JSON.parse(readFileSync(path, 'utf8').trim());
  assert.deepEqual([client, since], good.slice(0, 2));
  assert.ok(count > 101 && count <= 102);
});

test('a watching check refuses nobody for a flood, and tells what it would have done', async (t) => {
  const folder = openFolder(t);
  const config = configure(folder, '[smtp]\nlisten = []\n');
  const server = await startServer(t, config);
  const answers = await flood(server, byMilter);
  assert.ok(answers.every((answer) => answer.includes('550 5.1.1')));
  assert.equal(await server.stop(), 0);
  const { out } = await spillway('journal', '--would', '--check', 'flood', '--config', config);
  assert.match(out, /would be deferred|flood/);
});

test('an alert in a storm of notices reaches its mailbox, and is no part of the storm', async (t) => {
  const folder = openFolder(t);
  const config = configure(
    folder,
    `aliases = { postmaster = "info" }
[checks.flood]
mode = "enforce"
[smtp]
listen = ["127.0.0.1:0"]
[alerts]
mail = "Postmaster@hosted.example"
`,
  );
  const now = Date.now();
  const storm = exampleIncident({
    id: '2006-09-05.2',
    cause: 'notice-storm',
    subject: '',
    start: now - 60_000,
    end: now,
  });
  const quiet = now - 2 * 3_600_000;
  const store = await openJournalStore(`sqlite:${folder}/data`);
  await store.saveIncidents([storm, exampleIncident({ start: quiet - 1000, end: quiet })]);
  await store[Symbol.asyncDispose]();
  const server = await startServer(t, config);
  await server.logged('incident ended');
  const found = await until(async () => globSync(`${folder}/**/new/*`).length > 0, 20_000);
  assert.ok(found, 'the alert was not delivered');
  const [path = ''] = globSync(`${folder}/**/new/*`);
  assert.match(path, /hosted\.example\/info\//);
  assert.match(readFileSync(path, 'utf8'), /^Subject: \[spillway\] incident 2006-09-05\.1 ended/m);
  assert.equal(await server.stop(), 0);
  const told = (await incidentsOf(config)).find(({ id }) => id === storm.id);
  assert.deepEqual([told.isOpen, told.made, told.ended], [true, storm.made, storm.ended]);
});

test('a backlog of notices that was gone while the server was down is over at its start', async (t) => {
  const folder = openFolder(t);
  const config = configure(folder, '[smtp]\nlisten = ["127.0.0.1:0"]\n');
  const now = Date.now();
  const changes = { cause: 'notice-storm', subject: '', start: now - 60_000, end: now } as const;
  const store = await openJournalStore(`sqlite:${folder}/data`);
  await store.saveIncidents([exampleIncident({ ...changes, isBacklog: true })]);
  await store[Symbol.asyncDispose]();
  const server = await startServer(t, config);
  await server.logged('incident ended');
  assert.equal(await server.stop(), 0);
  assert.deepEqual(
    (await incidentsOf(config)).map(({ id, isOpen }) => [id, isOpen]),
    [['2006-09-05.1', false]],
  );
});

test('an incident that was quiet while the server was down ends, with a mail and a webhook', async (t) => {
  const folder = openFolder(t);
  const posted: string[] = [];
  const hook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      posted.push(body);
      response.end();
      hook.emit('posted');
    });
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  t.after(() => hook.close());
  const address = hook.address();
  assert.ok(address !== null && typeof address === 'object');
  const { port } = address;
  const sendmail = join(folder, 'sendmail');
  writeFileSync(
    sendmail,
    `#!/bin/sh\necho "$@" > ${folder}/asked\ncat > ${folder}/mail.new\nmv ${folder}/mail.new ${folder}/mail\n`,
    { mode: 0o755 },
  );
  const config = configure(
    folder,
    `[smtp]\nlisten = []\n[alerts]\nwebhook = "http://127.0.0.1:${port}/"\nmail = "postmaster@hosted.example"\nsendmail = "${sendmail}"\n`,
  );
  const store = await openJournalStore(`sqlite:${folder}/data`);
  const end = Date.now() - 2 * 3_600_000;
  await store.saveIncidents([exampleIncident({ start: end - 3_600_000, end })]);
  await store[Symbol.asyncDispose]();
  const server = await startServer(t, config);
  if (posted.length === 0) await once(hook, 'posted');
  const document = JSON.parse(posted[0] ?? '');
  assert.deepEqual(
    [document.occasion, document.link, document.incident.subject, document.incident.isOpen],
    ['ended', '/2006/09/05.1', 'nicholas@seaton.biz', false],
  );
  await server.logged('incident ended');
  assert.ok(await until(async () => existsSync(join(folder, 'mail')), 20_000));
  assert.equal(await server.stop(), 0);
  const [incident] = await incidentsOf(config);
  assert.equal(incident.isOpen, false);
  const { out: goingOn } = await spillway('flood', '--config', config);
  assert.equal(goingOn, 'No flood goes on.\n');
  assert.equal(
    readFileSync(join(folder, 'asked'), 'utf8').trim(),
    '-i -f <> -- postmaster@hosted.example',
  );
  const mail = readFileSync(join(folder, 'mail'), 'utf8');
  assert.match(mail, /^Auto-Submitted: auto-generated$/m);
  assert.match(mail, /^Subject: \[spillway\] incident 2006-09-05\.1 ended at /m);
});
