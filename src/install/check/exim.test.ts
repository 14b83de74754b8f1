/**
 * With a small imitation of Exim; test/peers/check.test.ts has the real one.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import type { Ran, Root } from '../../machine/root.ts';
import { checkExim } from './exim.ts';

function openFake(answers: Readonly<Record<string, Partial<Ran>>>) {
  const folder = temporaryFolder();
  for (const path of ['usr/sbin', 'etc']) mkdirSync(join(folder.path, path), { recursive: true });
  writeFileSync(join(folder.path, 'usr/sbin/exim4'), '');
  writeFileSync(join(folder.path, 'etc/exim.conf'), '');
  writeFileSync(join(folder.path, 'etc/names'), 'a.example: x\n# no\nb.example\n');
  const root: Root = {
    folder: folder.path,
    run: async (_at, command) => ({
      status: 0,
      stdout: '',
      stderr: '',
      ...answers[command.slice(1).join(' ')],
    }),
  };
  return { root, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const well = {
  '-bV': { stdout: 'Exim version 4.96 #2\n' },
  '-bP config_file': { stdout: '/etc/exim.conf\n' },
};

test('an Exim that does not take its configuration is told of, with what it said', async () => {
  const stderr = 'Exim configuration error in line 3\n';
  using fake = openFake({ '-bV': { ...well['-bV'], status: 1, stderr } });
  const [found] = await checkExim(fake.root);
  assert.equal(found?.problem, 'exim -bV ended with status 1: Exim configuration error in line 3');
});

test('domains are listed as far as they can be, and the rest is named', async () => {
  const list =
    'c.example : @ : +more : ! x.example : *.y.example : lsearch;/etc/names : mysql;SELECT 1';
  using fake = openFake({
    ...well,
    '-bP primary_hostname': { stdout: 'primary_hostname = mx.example\n' },
    '-bP config': { stdout: `domainlist local = ${list}\n` },
  });
  const [found] = await checkExim(fake.root);
  assert.deepEqual(
    found?.unknown.domains.map(({ domain }) => domain),
    ['c.example', 'mx.example', 'a.example', 'b.example'],
  );
  assert.deepEqual(found?.unknown.unlisted, ['domainlist local: mysql;SELECT 1']);
});

test('a guard that a hand-made router calls by a name, or by what only Exim knows, is told of', async () => {
  for (const [socket, said] of [
    ['inet:localhost:1', /^the guard does not answer at localhost:1: /],
    ['inet:$guard', /at \$guard: neither host:port nor unix:\/path$/],
  ] as const) {
    const router = `ask router:\ndriver = redirect\ndata = \${readsocket{${socket}}{spillway/1 deliver}}\n`;
    using fake = openFake({ ...well, '-bP routers': { stdout: router } });
    const [found] = await checkExim(fake.root);
    assert.equal(found?.guard.isAnswering, false);
    assert.match(found?.guard.found[0] ?? '', said);
  }
});
