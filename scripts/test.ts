/**
 * Runs the checks and the tests: `test.ts` those that need nothing, `test.ts peers` those with real
 * mail servers and those that kill our own again and again.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (process.argv[2] === 'peers') {
  const files = globSync('test/{crash,peers}/*.test.ts').toSorted();
  // Each of them wants the machine for itself: they measure, and they share the names of networks.
  run(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files]);
} else {
  run('node_modules/.bin/tsc', []);
  run('node_modules/.bin/biome', ['check', '--error-on-warnings', '.']);
  const files = globSync(['{src,bench,scripts}/**/*.test.ts', 'test/**/*.test.ts'], {
    exclude: ['test/{crash,peers}/**'],
  });
  run(process.execPath, ['--test', '--test-reporter=spec', ...files.toSorted()]);
}
