/**
 * The incident with Spillway beside a real OpenSMTPD, without the guard, with it, and with the guard in
 * trouble.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { FailureMode } from '../../src/mail/failure-mode.ts';
import type { ReplayOptions } from '../../src/replay/replay.ts';
import type { ReplayReport } from '../../src/replay/report.ts';
import type { Check, Mode } from '../../src/verdict/verdict.ts';
import { type Guard, installGuard, startGuard } from './guard.ts';
import { type Incident, incidentSizes, openIncident, play, toBackend } from './incident.ts';
import { projectInside } from './machine.ts';
import { openNetwork } from './network.ts';
import { inHurry, type OpensmtpdOptions, openOpensmtpd } from './opensmtpd.ts';
import type { Peer } from './peer.ts';
import { run } from './place.ts';
import { startProgram } from './process.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();
const sizes = { ...incidentSizes, messages: 30, wanted: 30, misaddressed: 5 };

interface Scene extends AsyncDisposable {
  readonly smtpd: Peer;
  readonly guard: Guard;
  readonly incident: Incident;
  /** After it was stopped or killed; the door has found it when this resolves. */
  restartGuard(): Promise<Guard>;
}

interface SceneOptions {
  readonly onFailure?: FailureMode;
  readonly modes?: Partial<Record<Check, Mode>>;
  readonly replay?: Partial<ReplayOptions>;
}

/** ms after the wanted mail in which notices and refusals go on; nobody in the world listens later. */
const settle = 10_000;

async function openScene(options: SceneOptions): Promise<Scene> {
  const { onFailure, modes = {}, replay } = options;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const incident = stack.use(await openIncident(network, { sizes, settle, ...replay }));
  const smtpd = stack.use(await open({ network }));
  await installGuard(smtpd.machine, onFailure, 'opensmtpd');
  const guard = stack.use(await startGuard(smtpd.machine, modes));
  await smtpd.start();
  const kept = stack.move();
  return {
    smtpd,
    guard,
    incident,
    async restartGuard() {
      const found = await countInLog(smtpd, answers);
      const again = kept.use(await startGuard(smtpd.machine, modes));
      await until(async () => (await countInLog(smtpd, answers)) > found, 10_000);
      return again;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function open(options: OpensmtpdOptions): Promise<Peer> {
  return await openOpensmtpd({ relay: toBackend, lines: [inHurry], ...options });
}

async function isEmpty(smtpd: Peer): Promise<boolean> {
  return await until(async () => (await smtpd.queued()) === 0);
}

/** Plays until smtpd has nothing left to do. */
async function playOut({ smtpd, incident }: Scene): Promise<ReplayReport> {
  return await play(incident, { isOver: async () => (await smtpd.queued()) === 0 });
}

async function countInLog({ machine }: Peer, pattern: RegExp): Promise<number> {
  return (await machine.log()).filter((line) => pattern.test(line)).length;
}

/**
 * Of smtpd's own and of the door: who ended, or was started anew, has another number. The door is a shell until that has
 * found its Node.
 */
async function processes({ machine }: Peer): Promise<string> {
  const command = ['pgrep', '-u', 'opensmtpd,opensmtpq', '-a'];
  let found = '';
  const isSettled = async (): Promise<boolean> => {
    found = await run(machine.place, command, { accept: [0, 1] });
    return !/ \/bin\/sh | <defunct>/.test(found);
  };
  assert.ok(await until(isSettled), found);
  return found;
}

/** What the door says. */
const answers = /spillway: the guard answers at/;
const toSeaton = /mta delivery .* to=<nicholas@seaton\.biz>/;
const injected = /address=local/;

test('OpenSMTPD without the guard sends its notices to itself, again and again', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  // Most of the wanted mail does not arrive in that time.
  await using incident = await openIncident(network, { sizes, timeout: 50_000 });
  await using smtpd = await open({ network });
  await smtpd.start();
  const report = await play(incident);
  assert.equal(report.spam.accepted, sizes.messages);
  const toSelf = /to=<nicholas@seaton\.biz>.* relay="127\.0\.0\.1 .* result="Ok"/;
  const rounds = async () => (await countInLog(smtpd, toSelf)) / sizes.messages;
  assert.ok(await until(async () => (await rounds()) > 1), 'no notice went round twice');
  assert.ok((await smtpd.queued()) > 0);
  const { delivered, seconds } = report.wanted;
  t.diagnostic(
    [
      `${(await rounds()).toFixed(1)} rounds so far`,
      `${await smtpd.queued()} in the queue`,
      `${await smtpd.machine.selfConnections()} connections to itself`,
      `${delivered} of ${sizes.wanted} wanted, p50 ${seconds?.p50.toFixed(2)} s, p99 ${seconds?.p99.toFixed(2)} s`,
    ].join(', '),
  );
});

test('OpenSMTPD with the guard: the flood does not enter, wanted mail and real notices do', {
  skip,
}, async () => {
  await using scene = await openScene({});
  const { smtpd, guard } = scene;
  const report = await playOut(scene);
  assert.equal(report.spam.refused.mail, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(smtpd));
  assert.equal(await countInLog(smtpd, toSeaton), 0, 'nothing is sent to the black hole');
  assert.equal(await smtpd.machine.selfConnections(), 0);
  await guard.stop();
  const refused = { check: 'sender', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), refused), sizes.messages);
});

test('OpenSMTPD, where the flood may enter: its notices to the black hole end before they are queued', {
  skip,
}, async () => {
  await using scene = await openScene({ modes: { sender: 'off' } });
  const { smtpd, guard } = scene;
  const report = await playOut(scene);
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(smtpd));
  assert.equal(await countInLog(smtpd, toSeaton), 0);
  assert.equal(await smtpd.machine.selfConnections(), 0);
  // It may write one for each envelope, or one for some of them.
  const ended = await countInLog(smtpd, /PermFail injecting failure report .*nicholas@seaton/);
  assert.ok(ended >= sizes.messages, `${ended} notices ended`);
  assert.ok((await countInLog(smtpd, injected)) > 0);
  await guard.stop();
  const receipts = { check: 'notice', action: 'discard', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), receipts), ended);
});

/** In the place of the guard: says it is ready, and answers each question like this. */
const impostor = (answer: string) => `
require('node:net').createServer((socket) => {
  let rest = '';
  socket.on('error', () => {}).setEncoding('latin1').on('data', (text) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line === 'config|ready') socket.write('register|ready\\n');
      const [kind, , , , , session, token] = line.split('|');
      if (kind !== 'filter') continue;
      const proceed = () => socket.write(['filter-result', session, token, 'proceed\\n'].join('|'));
      ${answer}
    }
  });
}).listen(9994, '127.0.0.1', () => console.log('ready'));`;

const troubles: readonly [name: string, answer: string | null][] = [
  ['stopped', null],
  [
    'talking rubbish',
    "socket.write('filter-result|' + session + '|' + token + '|rewrite|x\\0\\n')",
  ],
  ['silent', ''],
];
/** Who is not answered waits for 10 s at MAIL and at each RCPT. */
const short = { ...sizes, messages: 5, recipients: 2, wanted: 5, misaddressed: 2 };
/** Real senders try again until this is over; smtpd hands in one notice after the other, 20 s each. */
const silent = { sizes: { ...short, misaddressed: 1 }, timeout: 90_000, settle: 30_000 };

for (const [name, answer] of troubles)
  for (const onFailure of ['open', 'closed'] as const)
    test(`OpenSMTPD, failure mode ${onFailure}, a guard that is ${name}: no session hangs, no mail is lost, smtpd stays`, {
      skip,
    }, async () => {
      const replay = name === 'silent' ? silent : { sizes: short, timeout: 20_000 };
      await using scene = await openScene({ onFailure, replay });
      const { sizes: planned } = replay;
      const { smtpd, guard, incident } = scene;
      await guard.stop();
      await using stack = new AsyncDisposableStack();
      const before = await processes(smtpd);
      const node = `${projectInside}/bin/with-node`;
      const { place } = smtpd.machine;
      const liar =
        answer === null
          ? null
          : stack.use(await startProgram(place, [node, '-e', impostor(answer)], /ready/));
      const { wanted, misaddressed, spam } = await play(incident);
      const counts = [wanted, misaddressed, spam].map(({ broken }) => broken);
      assert.deepEqual(counts, [0, 0, 0], 'a session hung, or was cut');
      assert.equal(wanted.delivered, wanted.accepted);
      assert.equal(wanted.accepted, onFailure === 'open' ? planned.wanted : 0);
      assert.equal(misaddressed.noticed, onFailure === 'open' ? planned.misaddressed : 0);
      assert.equal(await processes(smtpd), before);

      await liar?.stop();
      await using back = await scene.restartGuard();
      const again = await play(incident);
      assert.equal(again.spam.refused.mail, planned.messages);
      assert.equal(again.wanted.delivered, planned.wanted);
      assert.equal(await processes(smtpd), before);
      await back.stop();
    });

test('OpenSMTPD with a guard that takes 5 s: mail is slow, and comes through', {
  skip,
}, async () => {
  await using scene = await openScene({ onFailure: 'closed', replay: { sizes: short } });
  await scene.guard.stop();
  const { place } = scene.smtpd.machine;
  const slow = impostor('setTimeout(proceed, 5000)');
  const node = `${projectInside}/bin/with-node`;
  await using guard = await startProgram(place, [node, '-e', slow], /ready/);
  const { wanted, misaddressed } = await play(scene.incident);
  assert.equal(wanted.delivered, short.wanted);
  assert.equal(misaddressed.accepted, short.misaddressed);
  await guard.stop();
});

for (const onFailure of ['open', 'closed'] as const)
  test(`OpenSMTPD, failure mode ${onFailure}: the guard is killed and started again under load`, {
    skip,
  }, async () => {
    const many = { ...sizes, messages: 300, wanted: 100 };
    await using scene = await openScene({ onFailure, replay: { sizes: many } });
    const { smtpd, incident } = scene;
    const before = await processes(smtpd);
    let isOver = false;
    const playing = play(incident).finally(() => {
      isOver = true;
    });
    let { guard } = scene;
    let kills = 0;
    while (!isOver && kills < 5) {
      await guard.kill();
      kills++;
      guard = await scene.restartGuard();
    }
    const { wanted, spam, misaddressed } = await playing;
    assert.ok(kills >= 2);
    assert.deepEqual([wanted.broken, spam.broken, misaddressed.broken], [0, 0, 0]);
    assert.equal(wanted.delivered, wanted.accepted, 'mail that was taken is lost');
    if (onFailure === 'open') assert.equal(wanted.delivered, many.wanted);
    else assert.equal(spam.accepted, 0);
    assert.equal(await processes(smtpd), before);
    await guard.stop();
  });

test('OpenSMTPD, failure mode closed: its notices wait for the guard, and none is lost', {
  skip,
}, async () => {
  await using scene = await openScene({ onFailure: 'closed', modes: { sender: 'off' } });
  const { smtpd, guard, incident } = scene;
  const { place } = smtpd.machine;
  await run(place, ['smtpctl', 'pause', 'mta']);
  const playing = play(incident);
  const all = sizes.messages * sizes.recipients + sizes.wanted + sizes.misaddressed;
  assert.ok(await until(async () => (await smtpd.queued()) === all));
  await guard.stop();
  await run(place, ['smtpctl', 'resume', 'mta']);
  assert.equal((await playing).wanted.delivered, sizes.wanted);
  assert.ok((await countInLog(smtpd, /TempFail injecting failure report/)) > 0);
  assert.equal(await countInLog(smtpd, /PermFail injecting failure report/), 0);

  await using back = await scene.restartGuard();
  const noticed = /from=<> to=<mistaken-\d+@good-\d+\.example>.*result="Ok"/;
  const isOver = async () => {
    await run(place, ['smtpctl', 'schedule', 'all']);
    return (await countInLog(smtpd, noticed)) >= 2 * sizes.misaddressed;
  };
  await play(incident, { isOver });
  assert.ok(await isOver(), 'a notice to a real sender is missing');
  assert.equal(await countInLog(smtpd, toSeaton), 0);
  await back.stop();
});

test('smtpd ends itself when its filter is killed; the door ends with smtpd, and by no signal before', {
  skip,
}, async () => {
  await using scene = await openScene({});
  const { smtpd } = scene;
  const { place } = smtpd.machine;
  const door = async () =>
    (await run(place, ['pgrep', '-f', 'filter-main'], { accept: [0, 1] })).trim();
  const isGone = async (name: string) =>
    await until(
      async () => (await run(place, ['pgrep', '-x', name], { accept: [0, 1] })) === '',
      10_000,
    );
  const isReady = async (starts: number) =>
    await until(async () => (await countInLog(smtpd, answers)) === starts, 10_000);
  assert.ok(await isReady(1));
  const first = await door();
  for (const signal of ['-TERM', '-INT', '-HUP']) await run(place, ['kill', signal, first]);
  await smtpd.stop();
  assert.ok(await isGone('smtpd'));
  assert.ok(await until(async () => (await door()) === ''));

  await smtpd.start();
  assert.ok(await isReady(2));
  const second = await door();
  await run(place, ['kill', '-KILL', second]);
  assert.ok(await isGone('smtpd'), 'smtpd goes on without its filter');
  assert.ok((await countInLog(smtpd, /lost processor: spillway/)) > 0);
});

test('spillway install opensmtpd: shown, applied, proved, and taken out to the byte', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using incident = await openIncident(network, { sizes, settle });
  const theirs =
    'filter "theirs" phase mail-from match mail-from { "bad@good-1.example" } reject "550 theirs"';
  const chain = 'filter "chain" chain { "theirs" }';
  await using smtpd = await open({
    network,
    lines: [inHurry, theirs, chain],
    listenOptions: ' filter "chain"',
  });
  const { machine } = smtpd;
  const install = (words: string[], accept = [0]) =>
    run(machine.place, [`${projectInside}/bin/spillway`, 'install', 'opensmtpd', ...words], {
      accept,
    });
  const config = () => readFile(machine.path('/etc/smtpd.conf'), 'latin1');
  const before = await config();
  const shown = await install([]);
  assert.match(shown, /\+listen on 0\.0\.0\.0 .* filter \{ "spillway", "theirs" \}/);
  assert.equal(await config(), before);
  assert.match(await install(['--test'], [1]), /does not ask the guard yet/);

  assert.match(await install(['--apply']), /ok {2}written/);
  assert.match(await install(['--test'], [75]), /the guard does not answer/);
  await using guard = await startGuard(machine);
  assert.match(await install(['--test']), /smtpd does not run/);
  await smtpd.start();
  const proof = await install(['--test']);
  assert.match(proof, /ok {2}sender in a black hole: .*550 5\.1\.8/);
  assert.match(proof, /ok {2}ordinary sender: .*250/);
  assert.match(proof, /ok {2}notice by the socket: .*550 5\.4\.4/);
  assert.equal(await smtpd.queued(), 0);
  const handIn = ['sendmail', 'info@bakery.example', 'nobody@seaton.biz'];
  await run(machine.place, handIn, { input: 'Subject: x\n\nx\n', accept: [70] });
  assert.equal(await smtpd.queued(), 0, 'a local program hands in all or nothing');
  const report = await play(incident);
  assert.equal(report.spam.refused.mail, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  const probe = `import('${projectInside}/src/install/smtp-probe.ts')
    .then(({ probeEnvelope }) => probeEnvelope(25, 'bad@good-1.example', null))
    .then(console.log)`;
  const said = await run(machine.place, [`${projectInside}/bin/with-node`, '-e', probe]);
  assert.match(said, /^550 theirs/m, 'filters of others go on');

  assert.match(await install(['--apply', '--on-failure', 'closed']), /ok {2}written/);
  await install(['--remove']);
  assert.equal(await config(), before);
  const folder = await readdir(machine.path('/etc'));
  assert.ok(!folder.some((name) => name.includes('spillway-') || name.endsWith('-spillway')));
  await guard.stop();
});

test('spillway install opensmtpd: nothing is written that smtpd would not take, or would end itself over', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using smtpd = await open({ network });
  const { machine } = smtpd;
  const install = (...words: string[]) =>
    run(machine.place, [`${projectInside}/bin/spillway`, 'install', 'opensmtpd', ...words], {
      accept: [1],
    });
  const file = machine.path('/etc/smtpd.conf');
  const config = await readFile(file, 'latin1');
  await run(machine.place, [
    'sh',
    '-ec',
    'mkdir -m 700 /opt/closed; cp /bin/true /opt/closed/door',
  ]);
  assert.match(
    await install('--apply', '--program', '/opt/closed/door'),
    /!! {2}filter: .*opensmtpd/,
  );
  assert.equal(await readFile(file, 'latin1'), config);

  const odd = `${config}listen on 0.0.0.0 port 26 tag\n`;
  await writeFile(file, odd);
  assert.match(await install('--apply'), /!! {2}check: .*syntax error/s);
  await writeFile(machine.path('/etc/more.conf'), 'listen on 0.0.0.0 port 26\n');
  const elsewhere = `${config}include "/etc/more.conf"\n`;
  await writeFile(file, elsewhere);
  assert.match(await install('--apply'), /more\.conf line 1: a listener in an included file/);
  assert.equal(await readFile(file, 'latin1'), elsewhere);
});
