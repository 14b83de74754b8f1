/**
 * With the shell of this machine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { until } from '../../test/peers/until.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { openRoot } from '../machine/root.ts';
import { askAside } from './ask-aside.ts';

const root = openRoot('/');
const aside = { name: 'main.cf', text: 'new \xe9\n', beside: null };

/** The folder, as the command tells it in its first line of stderr. */
async function ask(beside: string | null, command: string, ...words: string[]) {
  const tell = `cd "$1"; pwd | tr / : >&2; ${command}`;
  const ran = await askAside(root, { ...aside, beside }, ['sh', '-c', tell, ...words], '/known');
  const folder = (ran.stderr.split('\n')[0] ?? '').replaceAll(':', '/');
  return { ...ran, folder };
}

test('a program sees the new file, and the others of the folder beside it; then all is gone', async () => {
  using real = temporaryFolder();
  mkdirSync(join(real.path, 'maps.d'));
  for (const name of ['main.cf', 'master.cf'])
    writeFileSync(join(real.path, name), `old ${name}\n`);
  const look = 'stat -c %a .; ls; cat main.cf master.cf';
  const { stdout, folder } = await ask(real.path, look, 'sh', '.');
  assert.equal(stdout, '700\nmain.cf\nmaps.d\nmaster.cf\nnew \xe9\nold master.cf\n');
  assert.match(folder, /^\/.*tmp/);
  assert.equal(existsSync(folder), false);
  assert.equal(existsSync(real.path), true);
});

test('the folder is called as it is known', async () => {
  const { status, stdout } = await askAside(
    root,
    aside,
    ['sh', '-c', 'echo "$1:9: syntax error"; exit 3', 'sh', './main.cf'],
    '/etc/postfix',
  );
  assert.deepEqual([status, stdout], [3, '/etc/postfix/main.cf:9: syntax error\n']);
});

for (const signal of ['INT', 'TERM', 'HUP'])
  test(`nothing is left after SIG${signal}`, async () => {
    const { folder, status } = await ask(null, `kill -${signal} $PPID`, 'sh', '.');
    assert.notEqual(status, 0);
    assert.match(folder, /^\/.*tmp/);
    assert.equal(existsSync(folder), false);
  });

test('nothing is left after this process was killed', async () => {
  using told = temporaryFolder();
  const file = join(told.path, 'folder');
  const command = 'cd "$1" && pwd > "$3" && while kill -0 "$2" 2> /dev/null; do sleep 0.02; done';
  const code = `
import { openRoot } from ${JSON.stringify(import.meta.resolve('../machine/root.ts'))};
    import { askAside } from ${JSON.stringify(import.meta.resolve('./ask-aside.ts'))};
    const words = ['sh', '-c', ${JSON.stringify(command)}, 'sh', '.', String(process.pid), ${JSON.stringify(file)}];
    await askAside(openRoot('/'), { name: 'a', text: '', beside: null }, words, '/');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
  const folderOf = () => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  assert.ok(await until(async () => folderOf() !== '', 30_000));
  assert.equal(existsSync(folderOf()), true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(await until(async () => !existsSync(folderOf()), 30_000), folderOf());
});
