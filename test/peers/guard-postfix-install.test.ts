/**
 * `spillway install postfix` on a real Postfix: shown, applied, proved and taken out to the byte; in the
 * chroot that is Debian's default, over unix sockets, and for one instance of several.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { startGuard } from './guard.ts';
import { openScene, playOut, sizes } from './guarded-postfix.ts';
import { openIncident, play, toBackend } from './incident.ts';
import { type Machine, projectInside } from './machine.ts';
import { openNetwork } from './network.ts';
import { run } from './place.ts';
import { openPostfix, worriesOf } from './postfix.ts';
import { whyNot } from './requirements.ts';

const skip = await whyNot();

const spillway = `${projectInside}/bin/spillway`;

function installer({ place }: Machine, ...always: string[]) {
  return (...words: string[]) =>
    run(place, [spillway, 'install', 'postfix', ...always, ...words], { accept: [0, 1] });
}

/** No step of a report found trouble. */
function assertWell(report: string): void {
  assert.doesNotMatch(report, /^(!!|\?\?)/m);
}

const throughPostfix =
  /^ok {2}message through Postfix: .* was (\w+) by the guard; nothing is left of it$/m;

test('spillway install postfix: shown, applied, proved, and taken out to the byte', {
  skip,
}, async () => {
  await using scene = await openScene({ smtp: 'listen = ["127.0.0.1:2525"]' });
  const { machine } = scene.postfix;
  const install = installer(machine);
  const mainCf = () => readFile(machine.path('/etc/postfix/main.cf'), 'latin1');
  const before = await mainCf();
  assert.match(await install(), /\+smtpd_milters = .*127\.0\.0\.1:9998/);
  assert.equal(await mainCf(), before);

  assert.match(await install('--apply'), /written/);
  await run(machine.place, ['postfix', 'reload']);
  const proof = await install('--test');
  assertWell(proof);
  assert.match(proof, /ok {2}sender in a black hole: 550 5\.1\.8/);
  assert.equal(throughPostfix.exec(proof)?.[1], 'discarded');
  assert.equal(await scene.postfix.queued(), 0);
  const report = await playOut(scene);
  assert.equal(report.spam.accepted, 0);
  assert.equal(report.wanted.delivered, sizes.wanted);

  const everything = ['--hooks', 'policy,notices,transport,sink', '--on-failure', 'closed'];
  await install('--apply', ...everything);
  await run(machine.place, ['postfix', 'reload']);
  const proofOfAll = await install('--test');
  assertWell(proofOfAll);
  assert.match(proofOfAll, /ok {2}sender in a black hole: 550 /);
  assert.match(proofOfAll, /ok {2}mail to a black hole: .*error:5/);
  const again = await playOut(scene);
  assert.equal(again.spam.accepted, 0);
  assert.equal(again.wanted.delivered, sizes.wanted);

  await install('--remove');
  assert.equal(await mainCf(), before);
  const folder = await readdir(machine.path('/etc/postfix'));
  assert.ok(!folder.some((name) => name.includes('spillway')), folder.join(' '));
});

test('the proof tells of what does not work', { skip }, async () => {
  await using scene = await openScene({ modes: { notice: 'watch' } });
  const { machine } = scene.postfix;
  const install = installer(machine);
  await install('--apply', '--hooks', 'notices');
  await run(machine.place, ['postfix', 'reload']);
  const report = await install('--test');
  assert.match(report, /^!! {2}message through Postfix: .*no receipt.*only watching\?$/m);
});

test("in Debian's chroot the guard is reached over TCP and over unix sockets below the queue", {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using incident = await openIncident(network, { sizes });
  await using postfix = await openPostfix({ network, relay: toBackend });
  const { machine } = postfix;
  const install = installer(machine);
  const sockets = '/var/spool/postfix/spillway';
  const prepare = `
    cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
    sh /usr/lib/postfix/configure-instance.sh -
    useradd --system spillway
    install -d -o spillway -g postfix -m 2750 ${sockets}`;
  await run(machine.place, ['sh', '-ec', prepare]);
  await postfix.start();
  const chrooted = `for p in $(pgrep -x 'smtpd|cleanup|trivial-rewrite'); do readlink /proc/$p/root; done`;

  const names = ['milter', 'policy', 'socketmap'] as const;
  const user = '[process]\nuser = "spillway"\ngroup = "postfix"\n';
  const listen = names.map((name) => `${name} = ["unix:${sockets}/${name}"]\n`);
  const everything = ['--hooks', 'milter,policy,notices,transport', '--on-failure', 'closed'];
  for (const [title, toml, options] of [
    ['inet', user, []],
    [
      'unix',
      `${user}[guard]\n${listen.join('')}`,
      names.flatMap((name) => [`--${name}`, `unix:${sockets}/${name}`]),
    ],
  ] as const) {
    await using guard = await startGuard(machine, {}, toml);
    assertWell(await install('--apply', ...everything, ...options));
    await run(machine.place, ['postfix', 'reload']);
    const report = await install('--test');
    assertWell(report);
    assert.equal(throughPostfix.exec(report)?.[1], 'discarded', title);
    const played = await play(incident);
    assert.equal(played.spam.accepted, 0, title);
    assert.equal(played.wanted.delivered, sizes.wanted, title);
    const roots = new Set((await run(machine.place, ['sh', '-c', chrooted])).trim().split('\n'));
    assert.deepEqual([...roots], ['/var/spool/postfix']);
    await guard.stop();
    await install('--remove');
    await run(machine.place, ['postfix', 'reload']);
  }
  assert.deepEqual(
    await worriesOf(machine).then((all) => all.filter((line) => !/hopcount/.test(line))),
    [],
  );
});

test('one instance of several: named, changed, proved and taken out by itself', {
  skip,
}, async () => {
  await using scene = await openScene({ smtp: 'listen = ["127.0.0.1:2525"]' });
  const { machine } = scene.postfix;
  const folder = '/etc/postfix-out';
  const mainCf = (of: string) => readFile(machine.path(`${of}/main.cf`), 'latin1');
  const make = `
    postmulti -e init
    postmulti -I postfix-out -e create
    postconf -c ${folder} -e master_service_disable= myhostname=out.host.example
    postconf -c ${folder} -e authorized_submit_users=static:anyone
    postconf -c ${folder} -F '*/*/chroot = n'
    sed -i 's/^smtp *inet/127.0.0.1:2500 inet/' ${folder}/master.cf
    postmulti -i postfix-out -e enable
    postfix -c ${folder} start > /dev/null 2>&1`;
  await run(machine.place, ['sh', '-ec', make]);
  try {
    await machine.listening(2500);
    const [first, second] = [await mainCf('/etc/postfix'), await mainCf(folder)];
    assert.match(
      await installer(machine)(),
      /instances: there are others.*--config-dir \/etc\/postfix-out/,
    );
    const install = installer(machine, '--config-dir', folder);
    const applied = await install('--apply', '--hooks', 'milter,sink');
    assertWell(applied);
    assert.match(applied, /postfix -c \/etc\/postfix-out reload/);
    await run(machine.place, ['postfix', '-c', folder, 'reload']);
    const report = await install('--test');
    assertWell(report);
    assert.match(report, /ok {2}sender in a black hole: 550 5\.1\.8/);
    assert.equal(throughPostfix.exec(report)?.[1], 'refused');
    assert.equal(await mainCf('/etc/postfix'), first);
    await install('--remove');
    assert.equal(await mainCf(folder), second);
    assert.match(await installer(machine, '--config-dir', '/etc/none')(), /no instance of it/);
  } finally {
    await run(machine.place, ['postfix', '-c', folder, 'stop']);
  }
});
