/**
 * With a small imitation of m4 and sendmail; test/peers/sendmail-install.test.ts has the real ones.
 */
import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { Ran, Root } from '../machine/root.ts';
import type { Report } from './report.ts';
import { sendmailChange } from './sendmail-change.ts';
import { proveSendmailGuard } from './sendmail-proof.ts';
import type { SendmailOptions } from './sendmail-scene.ts';

const mc = `divert(-1)dnl
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
Cwlocalhost
`;

const cfHead = `V10/Berkeley
Scanonify=3
Sparse=0
SParseLocal=98
Mesmtp, P=[IPC], A=TCP $h
Muucp-tcp, P=[IPC], A=TCP $h
`;

/** What m4 would make of the lines that occur here. */
function imitateM4(source: string): string {
  const filter = /^INPUT_MAIL_FILTER\(`(\w+)', `([^']*)'\)dnl$/m.exec(source);
  const lines = source
    .split('\n')
    .filter((line) => line !== '' && !/dnl|^LOCAL_/.test(line))
    .map((line) => `${line}\n`);
  const filters = filter
    ? `O InputMailFilters=${filter[1]}\nX${filter[1]}, ${filter[2]}\n`
    : '#O InputMailFilters\n';
  return `# built ${Math.random()}\n${cfHead}${filters}${lines.join('')}`;
}

interface Fake extends AsyncDisposable {
  readonly root: Root;
  readonly options: SendmailOptions;
  /** File of /etc/mail -> text. */
  files(): Promise<Record<string, string>>;
  write(name: string, text: string): Promise<void>;
}

interface Behaviour {
  readonly version?: string;
  readonly m4?: (source: string) => Partial<Ran>;
  /** What sendmail says to a configuration. */
  readonly complains?: (text: string) => string;
}

async function openFake(behaviour: Behaviour = {}): Promise<Fake> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-install-'));
  const mail = join(folder, 'etc/mail');
  for (const path of [mail, join(folder, 'usr/sbin'), join(folder, 'etc/init.d')])
    await mkdir(path, { recursive: true });
  const write = (name: string, text: string) => writeFile(join(mail, name), text, 'latin1');
  for (const path of ['usr/sbin/sendmail', 'etc/init.d/sendmail'])
    await writeFile(join(folder, path), '');
  await write('sendmail.mc', mc);
  await write('sendmail.cf', imitateM4(mc));

  const { version = '8.17.1.9\n Compiled with: MILTER\n\t\tSOCKETMAP\n\nDONE\n' } = behaviour;
  const run = async (_at: string, command: readonly string[], input = ''): Promise<Ran> => {
    const ran = { status: 0, stdout: '', stderr: '' };
    if (command[0] === 'm4') {
      const m4 = behaviour.m4 ?? ((source: string) => ({ stdout: imitateM4(source) }));
      return { ...ran, ...m4(input) };
    }
    if (command.includes('-d0.1')) return { ...ran, stdout: `Version ${version}` };
    const file = command[command.indexOf('-C') + 1] ?? '';
    const text = await readFile(join(folder, file), 'latin1');
    return { ...ran, stdout: `ADDRESS TEST MODE\n${behaviour.complains?.(text) ?? ''}> ` };
  };
  const root: Root = { folder, run };
  return {
    root,
    options: { root, settings: {} },
    write,
    async files() {
      const names = (await readdir(mail)).sort();
      const texts = names.map(async (name) => [name, await readFile(join(mail, name), 'latin1')]);
      return Object.fromEntries(await Promise.all(texts));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

function troubleOf({ steps }: Report): string {
  const found = steps.filter(({ outcome }) => outcome === 'trouble');
  return found.map((step) => `${step.name}: ${step.found}`).join('\n');
}

test('shown, a change is worked out in full and nothing is written', async () => {
  await using fake = await openFake();
  const before = await fake.files();
  const report = await sendmailChange.show(fake.options);
  assert.equal(troubleOf(report), '');
  assert.equal(report.written, false);
  assert.deepEqual(
    report.changes.map(({ path }) => path),
    ['/etc/mail/sendmail.mc', '/etc/mail/sendmail.cf'],
  );
  assert.match(report.changes[0]?.diff ?? '', /^\+Scheck_compat$/m);
  assert.ok(
    report.steps.some(({ found }) => found.includes('uucp-tcp')),
    'own mailers are not told',
  );
  assert.deepEqual(await fake.files(), before);
});

test('written, copies stand beside, owner and mode stay, and a second time changes nothing', async () => {
  await using fake = await openFake();
  const before = await fake.files();
  await chmod(join(fake.root.folder, 'etc/mail/sendmail.cf'), 0o640);
  const report = await sendmailChange.apply(fake.options);
  assert.equal(troubleOf(report), '');
  assert.equal(report.written, true);
  const after = await fake.files();
  assert.match(after['sendmail.cf'] ?? '', /^Kguard socket/m);
  assert.equal(after['sendmail.cf.before-spillway'], before['sendmail.cf']);
  assert.equal(after['sendmail.mc.before-spillway'], before['sendmail.mc']);
  const { mode } = await stat(join(fake.root.folder, 'etc/mail/sendmail.cf'));
  assert.equal(mode & 0o777, 0o640);
  assert.deepEqual(report.next[0], 'service sendmail restart');

  const again = await sendmailChange.apply(fake.options);
  assert.equal(again.written, false);
  assert.deepEqual(await fake.files(), after);

  const other = await sendmailChange.apply({ ...fake.options, settings: { onFailure: 'closed' } });
  assert.equal(troubleOf(other), '');
  assert.match((await fake.files())['sendmail.mc'] ?? '', /^Kguard_alive/m);
  const kept = await sendmailChange.apply(fake.options);
  assert.equal(kept.written, false, 'settings that are not given are those installed');

  assert.equal(troubleOf(await sendmailChange.remove(fake.options)), '');
  assert.deepEqual(await fake.files(), before);
});

test('a sendmail.mc that somebody wrote in since stays so when the guard is taken out', async () => {
  await using fake = await openFake();
  await sendmailChange.apply(fake.options);
  const { 'sendmail.mc': text = '' } = await fake.files();
  const changed = text.replace('Cwlocalhost', 'Cwlocalhost\nCwmore.example');
  await fake.write('sendmail.mc', changed);
  await fake.write('sendmail.cf', imitateM4(changed));
  assert.equal(troubleOf(await sendmailChange.remove(fake.options)), '');
  const after = await fake.files();
  assert.equal(after['sendmail.mc'], `${mc}Cwmore.example\n`);
  assert.match(after['sendmail.cf'] ?? '', /^Cwmore\.example$/m);
  assert.doesNotMatch(after['sendmail.cf'] ?? '', /guard/);
});

test('what the source does not make is never written over', async () => {
  await using fake = await openFake();
  await fake.write('sendmail.cf', `${imitateM4(mc)}Cwby-hand.example\n`);
  const before = await fake.files();
  assert.match(troubleOf(await sendmailChange.apply(fake.options)), /\+ Cwby-hand\.example/);
  assert.deepEqual(await fake.files(), before);
  const plain = await sendmailChange.apply({ ...fake.options, cf: '/etc/mail/sendmail.cf' });
  assert.equal(troubleOf(plain), '', 'sendmail.cf itself can still be changed');
  assert.match((await fake.files())['sendmail.cf'] ?? '', /Cwby-hand\.example\n(.*\n)*Kguard /);
});

test('through a symbolic link the file behind it is changed, and the link stays', async () => {
  await using fake = await openFake();
  const mail = join(fake.root.folder, 'etc/mail');
  await mkdir(join(fake.root.folder, 'srv'));
  await writeFile(join(fake.root.folder, 'srv/mail.cf'), imitateM4(mc), 'latin1');
  await rm(join(mail, 'sendmail.cf'));
  await symlink('../../srv/mail.cf', join(mail, 'sendmail.cf'));
  assert.equal(troubleOf(await sendmailChange.apply(fake.options)), '');
  assert.match(await readFile(join(fake.root.folder, 'srv/mail.cf'), 'latin1'), /^Kguard /m);
  assert.deepEqual(
    (await readdir(mail)).filter((name) => name.includes('.cf')),
    ['sendmail.cf'],
  );
});

const refusals: readonly [name: string, behaviour: Behaviour, problem: RegExp][] = [
  ['another program called sendmail', { version: '' }, /is not sendmail/],
  ['a sendmail without socket maps', { version: '8.14\n Compiled with: MILTER\n\n' }, /SOCKETMAP/],
  ['no m4', { m4: () => ({ status: 127, stderr: 'm4: not found' }) }, /m4: not found/],
  [
    'an m4 that warns of the new lines',
    {
      m4: (source) => ({
        stdout: imitateM4(source),
        stderr: source.includes('guard') ? '*** ERROR: something\n' : '',
      }),
    },
    /\*\*\* ERROR: something/,
  ],
  [
    'an m4 that makes something else of a rule',
    { m4: (source) => ({ stdout: imitateM4(source).replace('$#discard', 'oops') }) },
    /missing: Rdiscard/,
  ],
  [
    'an m4 that loses a line for it',
    {
      m4: (source) => ({
        stdout: imitateM4(source).replace(
          source.includes('guard') ? 'SParseLocal=98\n' : '\u0000',
          '',
        ),
      }),
    },
    /lost: SParseLocal/,
  ],
  [
    'an include file with a check_compat',
    { m4: (source) => ({ stdout: `${imitateM4(source)}Scheck_compat\n` }) },
    /check_compat/,
  ],
  [
    'a sendmail that does not take it',
    {
      complains: (text) =>
        text.includes('guard') ? 'readcf: map guard: class not available\n' : '',
    },
    /class not available/,
  ],
];
for (const [name, behaviour, problem] of refusals)
  test(`${name}: nothing is written, and the reason is told`, async () => {
    await using fake = await openFake(behaviour);
    if (name.includes('include file'))
      await fake.write('sendmail.cf', `${imitateM4(mc)}Scheck_compat\n`);
    const before = await fake.files();
    const report = await sendmailChange.apply(fake.options);
    assert.match(troubleOf(report), problem);
    assert.equal(report.written, false);
    assert.deepEqual(await fake.files(), before);
  });

test('what sendmail said against the old configuration already does not count', async () => {
  await using fake = await openFake({
    complains: () => 'WARNING: local host name (x) is not qualified\n',
  });
  assert.equal(troubleOf(await sendmailChange.apply(fake.options)), '');
});

test('a file that is not there, or not known how to be made, is told', async () => {
  await using fake = await openFake();
  const none = await sendmailChange.show({ ...fake.options, mc: '/etc/mail/other.mc' });
  assert.match(troubleOf(none), /there is no \/etc\/mail\/other\.mc/);
  await fake.write('sendmail.mc', 'Cwlocalhost\n');
  assert.match(troubleOf(await sendmailChange.show(fake.options)), /m4 files.*--cf/);
});

test('proving says what is missing: the lines, then the guard', async () => {
  await using fake = await openFake();
  const bare = await proveSendmailGuard(fake.options);
  assert.match(troubleOf(bare), /does not ask the guard yet/);
  const settings = { socketmap: 'unix:/nobody', milter: 'unix:/nobody' };
  await sendmailChange.apply({ ...fake.options, settings });
  const alone = await proveSendmailGuard(fake.options);
  assert.equal(troubleOf(alone), '');
  assert.equal(alone.steps.filter(({ outcome }) => outcome === 'waiting').length, 2);
});

for (const name of ['sendmail.mc', 'sendmail.cf'])
  test(`a ${name} that is longer than any is told, not read`, async () => {
    await using fake = await openFake();
    await truncate(join(fake.root.folder, 'etc/mail', name), 17 * 1024 * 1024);
    const report = await sendmailChange.apply(fake.options);
    assert.match(
      troubleOf(report),
      new RegExp(`^configuration: .*${name}: expected a file of text`),
    );
  });
