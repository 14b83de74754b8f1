/**
 * With a small imitation of smtpd; test/peers/guard-opensmtpd.test.ts has the real one.
 */
import assert from 'node:assert/strict';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { Root } from '../machine/root.ts';
import { smtpdChange } from './opensmtpd-change.ts';
import type { SmtpdOptions } from './opensmtpd-scene.ts';
import type { Report } from './report.ts';

const config = 'listen on all\naction "mx" relay\nmatch from local for any action "mx"\n';
const well = { status: 0, stdout: '', stderr: '' };

interface Trouble {
  readonly version?: string;
  /** What smtpd says against a text with the guard in it. */
  readonly complaint?: string;
  /** What its user is told who starts the program. */
  readonly denied?: string;
}

interface Fake extends AsyncDisposable {
  readonly options: SmtpdOptions;
  /** File of /etc -> text. */
  files(): Promise<Record<string, string>>;
}

async function openFake({ version = '7.8.0p1', complaint, denied }: Trouble = {}): Promise<Fake> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-install-'));
  const etc = join(folder, 'etc');
  for (const path of [etc, join(folder, 'usr/sbin')]) await mkdir(path, { recursive: true });
  await writeFile(join(folder, 'usr/sbin/smtpd'), '');
  await writeFile(join(etc, 'smtpd.conf'), config);
  await writeFile(join(etc, 'passwd'), 'root:x:0:0::/:/bin/sh\n_smtpd:x:95:95::/:/bin/false\n');
  const root: Root = {
    folder,
    async run(_at, command, input = '') {
      const [program, option] = command;
      if (program === 'su') return denied ? { ...well, status: 126, stderr: denied } : well;
      if (option === '-h') return { ...well, stderr: `version: OpenSMTPD ${version}\nusage: ...` };
      const told = { ...well, stdout: '/tmp/tmp.1\n' };
      return complaint && input.includes('filter "spillway"')
        ? { ...told, status: 1, stderr: complaint }
        : told;
    },
  };
  return {
    options: { root, settings: {}, config: null, ownProgram: '/opt/spillway/bin/spillway' },
    async files() {
      const names = (await readdir(etc)).sort();
      const texts = names.map(async (name) => [name, await readFile(join(etc, name), 'latin1')]);
      return Object.fromEntries(await Promise.all(texts));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

function troubleOf({ steps }: Report): string {
  const found = steps.filter(({ outcome }) => outcome === 'trouble');
  return found.map((step) => `${step.name}: ${step.found}`).join('\n');
}

test('shown, nothing is written; written, a copy stands beside; taken out, all is as before', async () => {
  await using fake = await openFake();
  const before = await fake.files();
  const shown = await smtpdChange.show(fake.options);
  assert.equal(troubleOf(shown), '');
  assert.match(shown.changes[0]?.diff ?? '', /^\+listen on all filter "spillway"$/m);
  assert.deepEqual(await fake.files(), before);

  const applied = await smtpdChange.apply(fake.options);
  assert.equal(troubleOf(applied), '');
  assert.equal(applied.written, true);
  assert.equal((await fake.files())['smtpd.conf.before-spillway'], config);

  const settings = { onFailure: 'closed' } as const;
  await smtpdChange.apply({ ...fake.options, settings });
  const again = await smtpdChange.apply(fake.options);
  assert.equal(again.written, false, 'what is not given stays as it is installed');
  assert.match((await fake.files())['smtpd.conf'] ?? '', /--on-failure closed"/);

  assert.equal((await smtpdChange.remove(fake.options)).written, true);
  assert.deepEqual(await fake.files(), before);
});

const troubles: readonly [name: string, trouble: Trouble, problem: RegExp][] = [
  ['an older grammar', { version: '6.0.3p1' }, /^program: OpenSMTPD 6\.0\.3p1: 6\.7 or later/],
  ['filters of another language', { version: '6.6.4p1' }, /6\.7 or later is needed/],
  [
    'a text that smtpd does not take',
    { complaint: '/tmp/tmp.1/smtpd.conf:9: syntax error' },
    /^check: .*says against it: \/etc\/smtpd\.conf:9: syntax error$/,
  ],
  ['a program that smtpd cannot start', { denied: 'Permission denied' }, /user _smtpd, and.*Perm/],
];
for (const [name, trouble, problem] of troubles)
  test(`${name} is told, and all is as it was`, async () => {
    await using fake = await openFake(trouble);
    const before = await fake.files();
    const report = await smtpdChange.apply(fake.options);
    assert.match(troubleOf(report), problem);
    assert.equal(report.written, false);
    assert.deepEqual(await fake.files(), before);
  });

test('what is beside the guard and was written since stays', async () => {
  await using fake = await openFake();
  await smtpdChange.apply(fake.options);
  const path = join(fake.options.root.folder, 'etc/smtpd.conf');
  const written = await readFile(path, 'latin1');
  await writeFile(path, `# above\n${written}listen on eth1 port 26\n`);
  const again = await smtpdChange.apply(fake.options);
  assert.equal(troubleOf(again), '');
  const text = await readFile(path, 'latin1');
  assert.match(text, /^listen on eth1 port 26 filter "spillway"$/m, 'new listeners are guarded');
  await smtpdChange.remove(fake.options);
  assert.equal(await readFile(path, 'latin1'), `# above\n${config}listen on eth1 port 26\n`);
});

test('a configuration behind a symbolic link is replaced where it is', async () => {
  await using fake = await openFake();
  const etc = join(fake.options.root.folder, 'etc');
  await mkdir(join(etc, 'mail'));
  await rename(join(etc, 'smtpd.conf'), join(etc, 'mail/real.conf'));
  await symlink('/etc/mail/real.conf', join(etc, 'smtpd.conf'));
  assert.equal(troubleOf(await smtpdChange.apply(fake.options)), '');
  assert.match(await readFile(join(etc, 'mail/real.conf'), 'latin1'), /filter "spillway"/);
  await smtpdChange.remove(fake.options);
  assert.deepEqual(await readdir(join(etc, 'mail')), ['real.conf']);
});

test('the program that was named stays as long as it is there', async () => {
  await using fake = await openFake();
  const { root } = fake.options;
  const program = '/etc/copy';
  await writeFile(join(root.folder, program), '');
  await smtpdChange.apply({ ...fake.options, settings: { program } });
  assert.equal((await smtpdChange.apply(fake.options)).written, false);
  await rm(join(root.folder, program));
  await smtpdChange.apply(fake.options);
  assert.match((await fake.files())['smtpd.conf'] ?? '', /"\/opt\/spillway\/bin\/spillway filter/);
});
