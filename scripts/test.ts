/**
 * Runs the checks and the tests: `test.ts` those that need nothing, `test.ts peers` those with real
 * mail servers and those that kill our own again and again.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
// Every test file is a process of its own, and most load the same sources.
process.env['NODE_COMPILE_CACHE'] ??= `${root}node_modules/.cache/spillway-tests`;

/** So many files at a time. */
function sideBySide(files: number): string {
  return `--test-concurrency=${files}`;
}
const cores = availableParallelism();

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function find(pattern: string, exclude: readonly string[] = []): string[] {
  return globSync(pattern, { exclude: [...exclude] }).toSorted();
}

if (process.argv[2] === 'peers') {
  // Each has networks and machines of its own, and waits for most of its time. What never ends is named,
  // and keeps nobody from hearing of the others.
  run(process.execPath, [
    '--test',
    sideBySide(cores * 2),
    '--test-timeout=900000',
    '--test-force-exit',
    '--test-reporter=spec',
    ...find('test/{crash,peers}/*.test.ts'),
  ]);
} else {
  run('node_modules/.bin/tsc', []);
  run('node_modules/.bin/biome', ['check', '--error-on-warnings', '.']);
  // Whatever the pure rooms do, it touches nothing outside: their tests share one process, which saves
  // them most of their time.
  const pure = 'src/{mail,verdict,wire,foreign}/**/*.test.ts';
  run(process.execPath, ['--test', '--test-isolation=none', '--test-reporter=spec', ...find(pure)]);
  const others = find('{src,bench,scripts,test}/**/*.test.ts', [pure, 'test/{crash,peers}/**']);
  run(process.execPath, ['--test', sideBySide(cores), '--test-reporter=spec', ...others]);
}
