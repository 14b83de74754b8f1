/**
 * Brings the dependencies, the pinned Node among them, when they are missing or out of date.
 *
 * Plain JavaScript: it runs on whatever Node (20 or newer) the machine has.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** npm leaves a copy of what it installed; equal copies mean there is nothing to do. */
function isCurrent() {
  try {
    const wanted = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages;
    const found = JSON.parse(
      readFileSync(`${root}node_modules/.package-lock.json`, 'utf8'),
    ).packages;
    return Object.entries(wanted).every(
      ([path, entry]) => path === '' || entry.optional || found[path]?.version === entry.version,
    );
  } catch {
    return false;
  }
}

if (!isCurrent()) {
  console.error('Installing dependencies (once) ...');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    console.error(
      'npm ci failed; the lines above say why. Spillway needs npm and the network once.',
    );
    process.exit(1);
  }
}
