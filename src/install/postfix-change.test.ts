/**
 * With a small imitation of postconf; test/peers/guard-postfix.test.ts has the real one.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readParameters } from '../foreign/postfix/main-cf.ts';
import type { Root } from '../machine/root.ts';
import { postfixChange } from './postfix-change.ts';
import type { PostfixOptions } from './postfix-scene.ts';
import type { Report } from './report.ts';

const mainCf = 'myhostname = mx.host.example\nsmtpd_milters =\n  inet:localhost:11332\n';
const places = {
  config_directory: '/etc/postfix',
  queue_directory: '/var/spool/postfix',
  daemon_directory: '/usr/lib/postfix/sbin',
  multi_instance_directories: '/etc/postfix-out',
};

interface Fake extends AsyncDisposable {
  readonly options: PostfixOptions;
  /** File of /etc/postfix -> text. */
  files(): Promise<Record<string, string>>;
}

async function openFake(version: string, complaint = '', text = mainCf, status = 0): Promise<Fake> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-install-'));
  const etc = join(folder, 'etc/postfix');
  for (const path of [etc, join(folder, 'usr/sbin')]) await mkdir(path, { recursive: true });
  await writeFile(join(folder, 'usr/sbin/postconf'), '');
  await writeFile(join(etc, 'main.cf'), text);
  const told = (values: Iterable<readonly [string, string]>) =>
    [...values].map(([name, value]) => `${name} = ${value}\n`).join('');
  const root: Root = {
    folder,
    async run(_at, command, input) {
      const ran = { status: 0, stdout: '', stderr: '' };
      if (command[0] === 'sh') {
        // The new main.cf, in a folder of its own.
        const values = told(readParameters(input ?? ''));
        const stderr = input?.includes('spillway') ? complaint : '';
        return { ...ran, status, stdout: `/tmp/tmp.1\n${values}`, stderr };
      }
      if (command.includes('-P')) return { ...ran, stdout: 'smtp/inet/smtpd_milters = \n' };
      if (!command.includes('-n'))
        return { ...ran, stdout: told([['mail_version', version], ...Object.entries(places)]) };
      return {
        ...ran,
        stdout: told(readParameters(await readFile(join(etc, 'main.cf'), 'latin1'))),
      };
    },
  };
  return {
    options: { root, settings: {} },
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
  await using fake = await openFake('3.7.11');
  const before = await fake.files();
  const shown = await postfixChange.show(fake.options);
  assert.equal(troubleOf(shown), '');
  assert.match(shown.changes[0]?.diff ?? '', /^\+smtpd_milters = inet:localhost:11332, \{ inet/m);
  assert.ok(
    shown.steps.some(({ name }) => name === 'master.cf'),
    'a value of its own in master.cf is told',
  );
  assert.deepEqual(await fake.files(), before);

  const applied = await postfixChange.apply(fake.options);
  assert.equal(troubleOf(applied), '');
  assert.equal(applied.written, true);
  const after = await fake.files();
  assert.equal(after['main.cf.before-spillway'], mainCf);
  assert.equal((await postfixChange.apply(fake.options)).written, false);
  const settings = { onFailure: 'closed' } as const;
  assert.equal((await postfixChange.apply({ ...fake.options, settings })).written, true);
  assert.match((await fake.files())['main.cf'] ?? '', /default_action=tempfail/);

  assert.equal(troubleOf(await postfixChange.remove(fake.options)), '');
  assert.deepEqual(await fake.files(), before);
});

test('what postconf warns of is never in its place', async () => {
  await using fake = await openFake('3.7.11', 'postconf: warning: /tmp/tmp.1/main.cf: something\n');
  const report = await postfixChange.apply(fake.options);
  assert.match(troubleOf(report), /warning: \/etc\/postfix\/main\.cf: something/);
  assert.equal(report.written, false);
  assert.deepEqual(await fake.files(), { 'main.cf': mainCf });
});

test('why postconf fails is told', async () => {
  await using fake = await openFake('3.7.11', 'postconf: fatal: bad\n', mainCf, 1);
  const found = troubleOf(await postfixChange.apply(fake.options));
  assert.match(found, /postconf ended with status 1: postconf: fatal: bad/);
  assert.deepEqual(await fake.files(), { 'main.cf': mainCf });
});

test('an old Postfix is told so', async () => {
  await using fake = await openFake('2.11.0');
  assert.match(troubleOf(await postfixChange.apply(fake.options)), /3\.0 or later/);
});

test('a relay for all mail, and other instances, are told of', async () => {
  await using fake = await openFake('3.7.11', '', 'relayhost = [smart.example]:587\n');
  const hooks = ['milter', 'sink'] as const;
  const { steps } = await postfixChange.show({ ...fake.options, settings: { hooks } });
  const relay = steps.filter(({ name }) => name === 'relay').map(({ found }) => found);
  assert.equal(relay.length, 2);
  assert.match(relay[0] ?? '', /smart\.example.*smarthosts of \[verdict\]/);
  assert.match(relay[1] ?? '', /smarthost of \[relay\]/);
  assert.match(
    steps.find(({ name }) => name === 'instances')?.found ?? '',
    /--config-dir \/etc\/postfix-out/,
  );
});

test('what is to be typed next names the instance', async () => {
  await using fake = await openFake('3.7.11');
  const asked: (readonly string[])[] = [];
  const root: Root = {
    ...fake.options.root,
    run(at, command, input) {
      asked.push(command);
      return fake.options.root.run(at, command, input);
    },
  };
  const options = { root, settings: {}, configFolder: '/etc/postfix' };
  assert.deepEqual((await postfixChange.show(options)).next, [
    'spillway install postfix --config-dir /etc/postfix --apply',
  ]);
  assert.deepEqual((await postfixChange.apply(options)).next, [
    'postfix -c /etc/postfix reload',
    'spillway install postfix --config-dir /etc/postfix --test',
  ]);
  for (const [program, ...words] of asked.filter(([program]) => program !== 'sh'))
    assert.deepEqual([program, ...words.slice(0, 2)], ['postconf', '-c', '/etc/postfix']);
});

test('a copy is kept also where a comment of theirs tells of our mark', async () => {
  const text = `## >>> spillway: begin\n## # >>> spillway: begin\n${mainCf}`;
  await using fake = await openFake('3.7.11', '', text);
  const applied = await postfixChange.apply(fake.options);
  assert.equal(troubleOf(applied), '');
  assert.equal((await fake.files())['main.cf.before-spillway'], text);
  assert.equal(troubleOf(await postfixChange.remove(fake.options)), '');
  assert.deepEqual(await fake.files(), { 'main.cf': text });
});

test('a main.cf that is none is told, not thrown', async () => {
  await using fake = await openFake('3.7.11');
  const file = join(fake.options.root.folder, 'etc/postfix/main.cf');
  await rm(file);
  await mkdir(file);
  const shown = await postfixChange.show(fake.options);
  assert.equal(
    troubleOf(shown),
    'configuration: /etc/postfix/main.cf: expected a file of text, found a folder',
  );
  await rm(file, { recursive: true });
  assert.match(troubleOf(await postfixChange.show(fake.options)), /main\.cf: .* found none$/);
});
