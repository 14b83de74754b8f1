/**
 * What docs/sendmail.md says of the hook in sendmail, proved on sendmail 8.17: who is asked about, what
 * is asked, what becomes of each answer, and of none. And that `spillway install` gives and takes it.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { Question } from '../../src/verdict/verdict.ts';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import type { Delivered } from './actors/world.ts';
import { startGuard } from './guard.ts';
import { openMachine, projectInside } from './machine.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import { type Place, run } from './place.ts';
import { whyNot } from './requirements.ts';
import { openSendmail, type Sendmail } from './sendmail.ts';
import { until } from './until.ts';

const skip = await whyNot();
const { server, sink, backend } = addresses;

const records = {
  'mx.host.example': { A: [server.v4] },
  'hosted.example': { MX: [[10, 'mx.host.example']] },
  'loop.example': { MX: [[10, 'lo.loop.example']] },
  'lo.loop.example': { A: ['127.0.0.1'] },
  'good.example': { MX: [[10, 'mx.good.example']] },
  'twin.example': { MX: [[10, 'mx.good.example']] },
  'mx.good.example': { A: [sink.v4] },
  'smart.example': { A: [sink.v4] },
  'silent.example': { trick: 'servfail' },
} as const;

type World = Actor<CallsOf<typeof import('./actors/world.ts')>>;
type Witness = Actor<CallsOf<typeof import('./actors/witness.ts')>>;

interface Stage extends AsyncDisposable {
  readonly sendmail: Sendmail;
  readonly world: World;
  readonly witness: Witness;
}

const aliases = `mailer-daemon: postmaster
postmaster: root
program: "|/bin/cat > /dev/null"
broken: "|/bin/false"
file: /tmp/file.mbox
list: root, carl@good.example, bob@twin.example
`;
const virtual = `info@virtual.example\tann@good.example
box@virtual.example\troot
`;

const spillway = `${projectInside}/bin/spillway`;
const install = (place: Place, ...options: string[]) =>
  run(place, [spillway, 'install', 'sendmail', ...options], { accept: [0, 1, 75] });

async function openWorld(network: Network): Promise<World> {
  return await startActor<typeof import('./actors/world.ts')>(
    network.world,
    new URL('./actors/world.ts', import.meta.url),
    { records },
  );
}

/**
 * A sendmail with the rules in it, running, and a witness in the place of the guard. Nobody is there
 * for the filter: sendmail goes on without, in the mode `closed` as well unless it is `strict`.
 */
async function openStage(
  onFailure: 'open' | 'closed',
  { features: more = [], strict = false }: { features?: string[]; strict?: boolean } = {},
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const world = stack.use(await openWorld(network));
  const features = [
    "FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')dnl",
    "VIRTUSER_DOMAIN(`virtual.example')dnl",
    // Whoever asks may send anywhere.
    "FEATURE(`promiscuous_relay')dnl",
    ...more,
  ];
  const sendmail = stack.use(
    await openSendmail({
      network,
      relay: { 'hosted.example': backend.v4 },
      mc: { features },
    }),
  );
  const { place, path } = sendmail.machine;
  await writeFile(path('/etc/mail/aliases'), aliases);
  await writeFile(path('/etc/mail/virtusertable'), virtual);
  await run(place, [
    'sh',
    '-ec',
    'cd /etc/mail; makemap hash virtusertable < virtusertable; newaliases',
  ]);
  await install(place, '--apply', '--on-failure', onFailure);
  if (!strict) await run(place, ['sed', '-i', '/^Xspillway/s/ F=T,//', '/etc/mail/sendmail.cf']);
  const witness = stack.use(
    await startActor<typeof import('./actors/witness.ts')>(
      network.server,
      new URL('./actors/witness.ts', import.meta.url),
      null,
    ),
  );
  await sendmail.start();
  const kept = stack.move();
  return { sendmail, world, witness, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const content = 'Subject: test\n\nhello\n';
const message = (reversePath: string, ...forwardPaths: string[]) => ({
  reversePath,
  forwardPaths,
  content,
});

async function send({ world }: Stage, ...messages: ReturnType<typeof message>[]): Promise<void> {
  for (const reply of await world.call('send', messages)) assert.match(reply, /^250/);
}

async function settled({ sendmail }: Stage, queued = 0): Promise<void> {
  const isSettled = async () => {
    const busy = await run(sendmail.machine.place, [
      'sh',
      '-c',
      'mailq | grep -c "^[0-9A-Za-z]*[*]" || true',
    ]);
    return Number(busy) === 0 && (await sendmail.queued()) === queued;
  };
  assert.ok(await until(isSettled), await sendmail.mailq());
}

/** `notice esmtp good.example ann@good.example` */
function inWords(question: Question): string {
  assert('nextHop' in question && question.nextHop && question.queueId);
  const { mailer, host, address } = question.nextHop;
  return [question.check, mailer, host, address].join(' ');
}

async function asked({ witness }: Stage): Promise<string[]> {
  return (await witness.call('asked')).map(inWords);
}

const arrived = (mail: readonly Delivered[]) =>
  mail.flatMap(({ at, reversePath, forwardPaths }) =>
    forwardPaths.map((path) => `${at} <${reversePath}> ${path}`),
  );

test('spillway install gives the rules to Debian’s own configuration, and takes them to the byte', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using _world = await openWorld(network);
  await using machine = await openMachine('sendmail', { network });
  const { place, path } = machine;
  const folder = path('/etc/mail');
  const files = async () => {
    const names = (await readdir(folder)).filter((name) => name.startsWith('sendmail.'));
    const owners = await run(place, ['sh', '-c', 'ls -ln /etc/mail/sendmail.[cm][fc]*']);
    const texts = names.map(async (name) => [name, await readFile(`${folder}/${name}`, 'latin1')]);
    return { owners: owners.replace(/ \w+ +\d+ +[\d:]+ /g, ' '), texts: await Promise.all(texts) };
  };
  const before = await files();

  assert.match(await install(place), /^\+Scheck_compat$/m);
  assert.deepEqual(await files(), before, 'showing the change changes something');

  for (const options of [[], ['--cf', '/etc/mail/sendmail.cf', '--on-failure', 'closed']]) {
    const applied = await install(place, '--apply', ...options);
    assert.match(applied, /sendmail takes the new/);
    assert.match(await install(place, '--apply', ...options), /it is in already/);
    assert.match(await install(place, '--test', ...options.slice(0, 2)), /does not answer/);
    {
      await using guard = await startGuard(machine);
      const proof = await install(place, '--test', ...options.slice(0, 2));
      assert.match(proof, /MAILER-DAEMON .*: \$# discard/);
      assert.match(proof, /check_compat root .*: \$# error \$@ 5/);
      assert.doesNotMatch(proof, /^!!/m);
      const receipts = await guard.journal();
      assert.ok(
        receipts.some(({ action, domain }) => action === 'discard' && domain === '[127.0.0.2]'),
      );
    }
    assert.match(await install(place, '--remove', ...options.slice(0, 2)), /taken out/);
    assert.deepEqual(await files(), before, 'something is left');
  }
});

test('a configuration that cannot be understood is left alone, and the reason is told', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using machine = await openMachine('sendmail', { network });
  const { place, path } = machine;
  const cf = path('/etc/mail/sendmail.cf');
  const mc = path('/etc/mail/sendmail.mc');
  const [cfText, mcText] = [await readFile(cf, 'latin1'), await readFile(mc, 'latin1')];
  const cases: readonly [cf: string, mc: string, problem: RegExp][] = [
    [`${cfText}Cwmore.example\n`, mcText, /not what .* makes.*\n.*Cwmore\.example/],
    [
      cfText,
      mcText.replace('MAILER_DEF', "FEATURE(`compat_check')dnl\nMAILER_DEF"),
      /compat_check/,
    ],
    [cfText, `${mcText}LOCAL_CONFIG\nKguard hash /x\n`, /a map of your own/],
    // A quote that is never closed swallows whatever follows.
    [cfText, `${mcText}define(\`confX', \`oops)dnl\n`, /m4|not what|does not make/],
  ];
  for (const [newCf, newMc, problem] of cases) {
    await writeFile(cf, newCf, 'latin1');
    await writeFile(mc, newMc, 'latin1');
    assert.match(await install(place, '--apply'), problem);
    assert.equal(await readFile(cf, 'latin1'), newCf);
    assert.equal(await readFile(mc, 'latin1'), newMc);
  }
});

test('asked is about what goes out by SMTP, and the guard hears where', { skip }, async () => {
  await using stage = await openStage('open');
  const { sendmail, world, witness } = stage;
  await send(
    stage,
    message(
      'zoe@good.example',
      'root@mx.host.example',
      'program@mx.host.example',
      'box@virtual.example',
    ),
  );
  await settled(stage);
  assert.deepEqual(await asked(stage), [], 'a mailbox, a program or a file was asked about');

  await send(
    stage,
    message(
      'zoe@good.example',
      'info@hosted.example',
      'info@virtual.example',
      'list@mx.host.example',
    ),
  );
  await settled(stage);
  assert.deepEqual(
    (await asked(stage)).sort(),
    [
      // Of one delivery to the same server, each with its own domain.
      'recipient esmtp [192.0.2.30] info@hosted.example',
      'recipient esmtp good.example ann@good.example',
      'recipient esmtp good.example carl@good.example',
      'recipient esmtp twin.example bob@twin.example',
    ].sort(),
  );

  // Its own notice, at once and out of the queue; somebody else's notice.
  await witness.call('setAnswers', {});
  await send(
    stage,
    message('zoe@good.example', 'nobody@hosted.example'),
    message('', 'ann@twin.example'),
  );
  await settled(stage);
  assert.deepEqual((await asked(stage)).sort(), [
    'notice esmtp good.example zoe@good.example',
    'notice esmtp twin.example ann@twin.example',
    'recipient esmtp [192.0.2.30] nobody@hosted.example',
  ]);
  const notices = arrived(await world.call('delivered')).filter((line) => line.includes('<>'));
  assert.deepEqual(notices, ['sink <> zoe@good.example', 'sink <> ann@twin.example']);
  assert.equal(await sendmail.queued(), 0);
});

test('a drop takes that recipient only, a refusal is told to the sender, nobody is connected to', {
  skip,
}, async () => {
  await using stage = await openStage('open');
  const { sendmail, world, witness } = stage;
  await witness.call('setAnswers', { 'loop.example': 'discard' });
  await send(stage, message('zoe@good.example', 'x@loop.example', 'ann@good.example'));
  await send(stage, message('x@loop.example', 'broken@mx.host.example'));
  await settled(stage);
  assert.deepEqual(arrived(await world.call('delivered')), [
    'sink <zoe@good.example> ann@good.example',
  ]);
  const log = await sendmail.machine.log();
  const drops = log.filter((line) =>
    /ruleset=check_compat.*arg2=<x@loop\.example>.*, discard$/.test(line),
  );
  assert.equal(drops.length, 2);
  assert.ok(drops.some((line) => line.includes('arg1=MAILER-DAEMON')));

  await witness.call('setAnswers', { 'loop.example': 'refuse' });
  await send(stage, message('zoe@good.example', 'x@loop.example', 'ann@good.example'));
  await settled(stage);
  const [notice] = (await world.call('delivered')).filter(({ reversePath }) => reversePath === '');
  assert.match(
    notice?.content ?? '',
    /550 5\.4\.4 <x@loop\.example>\.\.\. Recipient domain leads nowhere/,
  );
  assert.deepEqual(notice?.forwardPaths, ['zoe@good.example']);
  assert.equal(await sendmail.machine.selfConnections(), 0);
});

test('notices that wait in the queue are asked about when it is run', { skip }, async () => {
  await using stage = await openStage('closed');
  const { sendmail, witness } = stage;
  await witness.call('close');
  await send(stage, message('x@loop.example', 'broken@mx.host.example'));
  await settled(stage, 1);
  await witness.call('setAnswers', { 'loop.example': 'discard' });
  await witness.call('open');
  await sendmail.runQueue();
  await settled(stage);
  assert.deepEqual(await asked(stage), ['notice esmtp loop.example x@loop.example']);
  assert.equal(await sendmail.machine.selfConnections(), 0);
});

const mixed = message(
  'zoe@good.example',
  'nobody@hosted.example',
  'ann@twin.example',
  'root@mx.host.example',
);

test('open: without the guard mail goes on', { skip }, async () => {
  await using stage = await openStage('open');
  await stage.witness.call('close');
  await send(stage, mixed);
  await settled(stage);
  assert.deepEqual(arrived(await stage.world.call('delivered')), [
    'sink <zoe@good.example> ann@twin.example',
    'sink <> zoe@good.example',
  ]);
});

test('closed: without the guard, what goes out waits, and nothing fails for it', {
  skip,
}, async () => {
  await using stage = await openStage('closed');
  const { sendmail, world, witness } = stage;
  await witness.call('close');
  await send(stage, mixed, message('zoe@good.example', 'broken@mx.host.example'));
  await settled(stage, 2);
  assert.deepEqual(arrived(await world.call('delivered')), []);
  const mailbox = await run(sendmail.machine.place, ['cat', '/var/mail/root']);
  assert.match(mailbox, /hello/);
  assert.doesNotMatch(mailbox, /MAILER-DAEMON/, 'a double bounce');

  await witness.call('open');
  await sendmail.runQueue();
  await settled(stage);
  assert.deepEqual(arrived(await world.call('delivered')).sort(), [
    'sink <> zoe@good.example',
    'sink <> zoe@good.example',
    'sink <zoe@good.example> ann@twin.example',
  ]);
});

test('closed: without the filter, mail that comes in is answered 451', { skip }, async () => {
  await using stage = await openStage('closed', { strict: true });
  const [said] = await stage.world.call('send', [mixed]);
  assert.match(said ?? '', /^451/);
});

test('a local program with a sender that leads nowhere hears it, and no notice goes round', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using world = await openWorld(network);
  await using sendmail = await openSendmail({ network });
  const { place, path } = sendmail.machine;
  await install(place, '--apply');
  await using guard = await startGuard(sendmail.machine);
  await sendmail.start();
  const submit =
    'printf "Subject: x\n\nx\n" | sendmail -f x@loop.example ann@good.example || echo $?';
  assert.match(await run(place, ['sh', '-c', submit]), /^69$/m);
  const isQuiet = async () => {
    const waiting = (await readdir(path('/var/spool/mqueue-client'))).filter((n) =>
      /^[qd]f/.test(n),
    );
    return waiting.length === 0 && (await sendmail.queued()) === 0;
  };
  assert.ok(await until(isQuiet), await sendmail.mailq());
  assert.equal(await sendmail.machine.selfConnections(), 1, 'more than its own submission');
  assert.deepEqual(await world.call('delivered'), []);
  const isRecorded = async () =>
    (await guard.journal()).some(({ check, action }) => `${check} ${action}` === 'sender refuse');
  assert.ok(await until(isRecorded), 'the refusal left no receipt');
});

test('why check_compat never answers 4xx: the good recipient beside an unknown one would fail', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using world = await openWorld(network);
  await using sendmail = await openSendmail({
    network,
    relay: { 'hosted.example': backend.v4 },
    mc: {
      features: ["FEATURE(`promiscuous_relay')dnl"],
      locals: [
        'LOCAL_RULESETS',
        'Scheck_compat',
        'R$* twin.example $*\t$#error $@ 4.3.0 $: 451 later',
      ],
    },
  });
  await sendmail.start();
  await world.call('send', [message('zoe@good.example', 'ann@twin.example')]);
  assert.ok(await until(async () => /later/.test(await sendmail.mailq())));
  assert.deepEqual(arrived(await world.call('delivered')), [], 'alone it waits');
  await world.call('send', [mixed]);
  const hasNotice = async () => (await world.call('delivered')).length > 0;
  assert.ok(await until(hasNotice));
  const [notice] = await world.call('delivered');
  assert.match(
    notice?.content ?? '',
    /Final-Recipient: RFC822; ann@twin\.example\n(.*\n)*Status: 5\.1\.1/,
  );
});

test('in doubt the guard leaves it to sendmail, which waits for DNS itself', { skip }, async () => {
  await using stage = await openStage('open', {
    features: ["FEATURE(`accept_unresolvable_domains')dnl"],
  });
  const { sendmail, world, witness } = stage;
  // A 4xx answer here would fail for good what follows another failure in the same process.
  await witness.call('setAnswers', { 'twin.example': 'defer', 'good.example': 'defer' });
  await send(stage, mixed);
  await settled(stage);
  assert.deepEqual(arrived(await world.call('delivered')), [
    'sink <zoe@good.example> ann@twin.example',
    'sink <> zoe@good.example',
  ]);
  await asked(stage);
  await send(stage, message('x@silent.example', 'broken@mx.host.example'));
  await settled(stage, 1);
  assert.deepEqual(await asked(stage), [], 'it was asked about before its domain was found');
  assert.match(await sendmail.mailq(), /silent\.example/);
});

test('mail for unknown local users that goes to another host is left alone', { skip }, async () => {
  await using stage = await openStage('open', {
    features: ["define(`LUSER_RELAY', `smart.example')dnl"],
  });
  await send(stage, message('zoe@good.example', 'stranger@mx.host.example'));
  await settled(stage);
  assert.deepEqual(await asked(stage), []);
  assert.deepEqual(arrived(await stage.world.call('delivered')), [
    'sink <zoe@good.example> stranger@smart.example',
  ]);
});

test('a smarthost is told as the next hop, with the address behind it', { skip }, async () => {
  await using stage = await openStage('open', {
    features: ["define(`SMART_HOST', `smart.example')dnl"],
  });
  await send(stage, message('zoe@good.example', 'ann@twin.example'));
  await settled(stage);
  assert.deepEqual(await asked(stage), ['recipient relay smart.example ann@twin.example']);
});

// Local parts that sendmail takes in MAIL and RCPT.
const hostile = [
  '"a)(b"',
  '"a\\"b)"',
  'a\\"b',
  'a\\)b',
  'a|b',
  'a$b',
  '$&{x}',
  '"$#local $: root"',
  '"a b"',
  "'a'",
  '%0',
  '|prog',
  '/file',
  ':include:x',
  'a'.repeat(200),
  `"${')('.repeat(90)}"`,
];

test('addresses that mean harm reach the guard whole', { skip }, async () => {
  await using stage = await openStage('open');
  const { witness } = stage;
  await witness.call('setAnswers', { 'loop.example': 'discard' });
  const paths = hostile.map((localPart) => `${localPart}@loop.example`);
  await send(
    stage,
    ...paths.flatMap((path) => [
      message('zoe@good.example', path),
      message(path, 'broken@mx.host.example'),
    ]),
  );
  await settled(stage);
  const questions = await witness.call('asked');
  for (const path of paths) {
    const about = questions.filter(({ forwardPath }) => forwardPath === path);
    assert.deepEqual(about.map(({ check }) => check).sort(), ['notice', 'recipient'], path);
    for (const question of about)
      assert.equal(inWords(question), `${question.check} esmtp loop.example ${path}`);
  }
  assert.equal(questions.length, 2 * paths.length);
  assert.equal(await stage.sendmail.machine.selfConnections(), 0);
});
