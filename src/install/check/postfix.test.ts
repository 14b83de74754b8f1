/**
 * With a small imitation of Postfix's programs; test/peers/check.test.ts has the real ones.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import type { Ran, Root } from '../../machine/root.ts';
import { checkPostfix } from './postfix.ts';

const places = {
  mail_version: '3.7.11',
  config_directory: '/etc/postfix',
  queue_directory: '/var/spool/postfix',
  daemon_directory: '/usr/lib/postfix/sbin',
};

/** `answer`: of each command whose words begin so; all others fail without a word. */
function openFake(
  values: Readonly<Record<string, string>>,
  answer: Readonly<Record<string, Partial<Ran>>> = {},
) {
  const folder = temporaryFolder();
  for (const path of ['usr/sbin', 'etc/postfix'])
    mkdirSync(join(folder.path, path), { recursive: true });
  writeFileSync(join(folder.path, 'usr/sbin/postconf'), '');
  writeFileSync(join(folder.path, 'etc/postfix/main.cf'), '');
  const asked: string[] = [];
  const root: Root = {
    folder: folder.path,
    async run(_at, command) {
      const text = command.join(' ');
      asked.push(text);
      const ran = { status: 1, stdout: '', stderr: '' };
      for (const [words, told] of Object.entries(answer))
        if (text.startsWith(words)) return { ...ran, ...told };
      if (command[0] !== 'postconf') return ran;
      const all = Object.entries({ ...places, ...values });
      return { ...ran, status: 0, stdout: all.map(([name, one]) => `${name} = ${one}\n`).join('') };
    },
  };
  return { root, asked, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test('no item of a list becomes an option of postmap', async () => {
  using fake = openFake({
    relay_domains: '-f:/etc/shadow, -x, hash:/etc/postfix/relay',
    virtual_alias_maps: '-x:y hash:/etc/postfix/virtual',
    mydestination: 'mx.example',
  });
  const [found] = await checkPostfix(fake.root);
  const commands = fake.asked.filter((text) => text.startsWith('postmap'));
  assert.ok(commands.length > 0);
  for (const text of commands) assert.match(text, /^postmap (-s|-q @\S+) hash:/);
  assert.deepEqual(found?.unknown.unlisted, [
    'relay_domains: -f:/etc/shadow',
    'relay_domains: hash:/etc/postfix/relay, postmap -s ended with status 1 and said nothing',
  ]);
});

test('a table that cannot be asked is told with what postmap said of it', async () => {
  using fake = openFake(
    { mydestination: 'mx.example', virtual_alias_maps: 'mysql:/x.cf' },
    { 'postmap -q': { stderr: 'postmap: fatal: unsupported dictionary type: mysql\n' } },
  );
  const [found] = await checkPostfix(fake.root);
  assert.deepEqual(
    found?.unknown.domains.map(({ fate, because }) => [fate, ...because]),
    [
      [
        'unclear',
        'virtual_alias_maps, mysql:/x.cf: postmap -q ended with status 1: postmap: fatal: unsupported dictionary type: mysql',
      ],
    ],
  );
});

test('a Postfix whose postconf fails is told of', async () => {
  using fake = openFake(
    {},
    { postconf: { stderr: 'postconf: fatal: open /etc/postfix/main.cf\n' } },
  );
  const [found] = await checkPostfix(fake.root);
  assert.equal(
    found?.problem,
    'postconf ended with status 1: postconf: fatal: open /etc/postfix/main.cf',
  );
});
