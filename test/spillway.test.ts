/**
 * The program as a user has it: the launcher, its commands, their output and their status.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { type DnsServer, startDnsServer, type ZoneData } from '../src/replay/dns-server.ts';
import { formatNetstring, parseNetstrings } from '../src/wire/socketmap/netstrings.ts';
import { formatSendmailKey } from '../src/wire/socketmap/sendmail-key.ts';
import { collect, type Ended, launcher, spillway } from './program.ts';

const records: ZoneData = {
  'seaton.biz': { MX: [[10, 'mail.seaton.biz']] },
  'mail.seaton.biz': { A: ['127.0.0.1'] },
  'good.example': { MX: [[10, 'mx.good.example']] },
  'mx.good.example': { A: ['192.0.2.20'] },
  'broken.example': { trick: 'servfail' },
};

/** A folder with a configuration, and the DNS server it names. */
async function setUp(
  t: TestContext,
  more = '',
): Promise<{ dns: DnsServer; folder: string; config: string }> {
  const dns = await startDnsServer({ records });
  const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  t.after(async () => {
    await dns.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const config = join(folder, 'spillway.toml');
  writeFileSync(
    config,
    `[dns]
    servers = ["${dns.address}"]
    [verdict]
    public = ["192.0.2.0/24"]
    [smtp]
    listen = []
    [guard]
    socketmap = ["127.0.0.1:0"]
    milter = ["unix:${folder}/milter"]
    policy = []
    readsocket = []
    filter = []
    [store]
    url = "sqlite:${folder}/data"
    ${more}`,
  );
  return { dns, folder, config };
}

/** Resolves once it is on guard, to the port of its socketmap. */
async function startGuard(
  t: TestContext,
  config: string,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(launcher, ['run', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  let port = 0;
  for await (const line of createInterface(child.stdout)) {
    port ||= Number(/^ {2}socketmap +127\.0\.0\.1:(\d+)$/.exec(line)?.[1] ?? 0);
    if (line.startsWith('  journal')) break;
  }
  child.stdout.resume();
  return { child, port };
}

async function ask(port: number, ...keys: readonly string[]): Promise<string[]> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(keys.map((key) => formatNetstring(`guard ${key}`)).join(''));
  const answers: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    const parsed = parseNetstrings(Buffer.concat([rest, chunk]), 10_000);
    rest = parsed.rest;
    for (const event of parsed.events)
      answers.push(event.kind === 'string' ? event.data.toString() : event.problem);
    if (answers.length >= keys.length) break;
  }
  socket.destroy();
  return answers;
}

function keyFor(domain: string, notice: boolean, queueId = '6AM1'): string {
  const path = `nicholas@${domain}`;
  const nextHop = { mailer: 'esmtp', host: domain, address: path };
  return formatSendmailKey({
    kind: 'compat',
    notice,
    queueId,
    nextHop,
    forwardPath: path,
    reversePath: notice ? '' : 'ann@good.example',
  });
}

test('explain gives the agreed JSON for the domain of the case', async (t) => {
  const { dns } = await setUp(t);
  const { status, out } = await spillway(
    'explain',
    '--dns',
    dns.address,
    '--json',
    'nicholas@seaton.biz',
  );
  assert.equal(status, 1);
  const told = JSON.parse(out);
  assert.deepEqual(
    { ...told, steps: told.steps.length > 0 },
    {
      subject: 'nicholas@seaton.biz',
      domain: 'seaton.biz',
      route: {
        kind: 'blackhole',
        class: 'loopback',
        reason: 'loopback',
        mx: [
          {
            preference: 10,
            name: 'mail.seaton.biz',
            addresses: [{ address: '127.0.0.1', class: 'loopback' }],
          },
        ],
      },
      asSender: {
        action: 'refuse',
        reply: {
          code: 550,
          status: '5.1.8',
          text: 'Sender domain leads nowhere: no report can reach it',
        },
        reason: 'loopback',
      },
      asRecipient: {
        action: 'refuse',
        reply: { code: 550, status: '5.4.4', text: 'Recipient domain leads nowhere' },
        reason: 'loopback',
      },
      asNotice: { action: 'discard', reply: null, reason: 'loopback' },
      steps: true,
    },
  );
});

const explained: readonly [subject: string, status: number, want: RegExp][] = [
  [
    'seaton.biz',
    1,
    /comes back to the machine that sends it[\s\S]*127\.0\.0\.1 \(loopback\)[\s\S]*as sender +refused at MAIL: 550 5\.1\.8/,
  ],
  ['good.example', 0, /can be reached[\s\S]*as recipient +accepted/],
  ['broken.example', 75, /SERVFAIL[\s\S]*as notice +deferred/],
  ['gone.example', 1, /does not exist/],
];
for (const [subject, want, text] of explained)
  test(`explain ${subject} ends with ${want}`, async (t) => {
    const { dns } = await setUp(t);
    const { status, out } = await spillway(
      'explain',
      '--dns',
      dns.address,
      '--public',
      '192.0.2.0/24',
      subject,
    );
    assert.match(out, text);
    assert.equal(status, want);
    assert.ok(!out.includes('\u001b'), 'no colours in a pipe');
  });

test('what nobody can mean is told with status 2', async (t) => {
  const { config } = await setUp(t, '[checks.sender]\nmode = "maybe"');
  const wrong: readonly [args: readonly string[], want: RegExp][] = [
    [['explain', '\u001b[31mevil'], /expected a domain or an address.*\\x1b\[31mevil|\\u001b/],
    [['explain'], /missing required argument/],
    [
      ['explain', '--dns', 'nowhere', 'a.example'],
      /--dns: expected a name server.*found "nowhere"/,
    ],
    [['explain', '--public', '10/8', 'a.example'], /--public: expected a network/],
    [['journal', '--since', 'whenever'], /Expected a time/],
    [['nonsense'], /unknown command/],
    [
      ['run', '--config', config],
      /spillway\.toml:\d+: checks\.sender\.mode: expected "enforce" or "watch" or "off", found "maybe"/,
    ],
    [['run', '--config', '/nonexistent.toml'], /nonexistent\.toml: cannot be read/],
  ];
  for (const [args, want] of wrong) {
    const { status, err } = await spillway(...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(err, want);
    assert.ok(!err.includes('\u001b'));
  }
});

test('every command has --help', async () => {
  for (const command of ['run', 'explain', 'journal', 'queue', 'replay', 'install', 'password']) {
    const { status, out } = await spillway(command, '--help');
    assert.equal(status, 0, command);
    assert.ok(out.startsWith(`Usage: spillway ${command} `), out);
  }
});

test('the guard answers, and the journal tells of it', async (t) => {
  const { config } = await setUp(t);
  const { child, port } = await startGuard(t, config);
  const answers = await ask(
    port,
    keyFor('good.example', true),
    keyFor('seaton.biz', true, '6AM2'),
    keyFor('seaton.biz', false, '6AM3'),
    keyFor('broken.example', true),
  );
  assert.equal(answers[0], 'OK pass');
  assert.equal(answers[1], 'OK discard loopback');
  assert.match(answers[2] ?? '', /^OK refuse 5\.4\.4 /);
  assert.match(answers[3] ?? '', /^TEMP /);
  child.kill('SIGTERM');
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);

  const { out } = await spillway('journal', '--config', config, '--json');
  const receipts = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ check, action, reason, queueId }) => `${check} ${action} ${reason} ${queueId}`);
  assert.deepEqual(receipts.toSorted(), [
    'notice defer dns-failure 6AM1',
    'notice discard loopback 6AM2',
    'recipient refuse loopback 6AM3',
  ]);
});

test('killed the hard way, the guard leaves a receipt for every notice it told to drop', async (t) => {
  const { config } = await setUp(t);
  const { child, port } = await startGuard(t, config);
  const ids = Array.from({ length: 200 }, (_, i) => `id${i}`);
  const answers = await ask(port, ...ids.map((id) => keyFor('seaton.biz', true, id)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(answers.every((answer) => answer === 'OK discard loopback'));
  const { out } = await spillway('journal', '--config', config, '--json', '--action', 'discard');
  assert.equal(out.trim().split('\n').length, ids.length);
});

test('a second guard on the same port says so and ends with 2', async (t) => {
  const { config, folder } = await setUp(t);
  await startGuard(t, config);
  const { status, err } = await spillway('run', '--config', config);
  assert.equal(status, 2);
  assert.match(
    err,
    new RegExp(`Cannot listen on unix:${folder}/milter: another process listens there`),
  );
});

test('a journal that can never be written is told at the start', async (t) => {
  const { config, folder } = await setUp(t);
  writeFileSync(join(folder, 'data'), 'a file, not a folder');
  const { status, err } = await spillway('run', '--config', config);
  assert.equal(status, 2);
  assert.match(err, /Cannot keep the journal/);
});

test('whatever an error quotes, no escape sequence reaches the terminal', async () => {
  const evil = '\u001b[31mred\u202e';
  const calls = [
    [evil],
    ['run', '--config', `/nonexistent/${evil}`],
    ['explain', '--dns', evil, 'seaton.biz'],
    ['explain', '--json', `${evil}.example`],
    ['explain', `--${evil}`],
    ['journal', '--since', evil],
    ['install', evil],
    ['queue', evil],
    ['queue', 'show', evil],
    ['queue', 'purge', '--reason', evil],
    ['queue', 'list', '--config', `/nonexistent/${evil}`],
    ['replay', '--target', evil],
  ];
  const ends = await Promise.all(calls.map((call) => spillway(...call)));
  for (const [at, { status, out, err }] of ends.entries()) {
    assert.equal(status, 2, calls[at]?.join(' '));
    assert.match(err, /red/);
    assert.ok(!/[\u001b\u202e]/.test(out + err), JSON.stringify(err));
  }
});

test('an output that cannot be written is told in a line, with 1', async (t) => {
  const { config } = await setUp(t);
  const { err, status } = await new Promise<Ended>((resolve) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(launcher, ['explain', '--config', config, 'seaton.biz'], {
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const text = child.stderr ? collect(child.stderr) : () => '';
    child.on('close', (code) => resolve({ status: code, out: '', err: text() }));
  });
  assert.equal(status, 1);
  assert.match(err, /^spillway: the output cannot be written: ENOSPC.*\n$/);
});

test('the launcher works through a symlink and from any folder', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-link-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(launcher, join(folder, 'one'));
  symlinkSync('one', join(folder, 'two'));
  const { stdout } = spawnSync(join(folder, 'two'), ['--version'], { cwd: '/', encoding: 'utf8' });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});
