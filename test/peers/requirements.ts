/**
 * Whether this machine can run real mail servers in roots of their own, and what is missing if not.
 */
import { spawnSync } from 'node:child_process';
import { readAptSources, sourcesOf } from './apt-sources.ts';
import { here, plainEnvironment, run } from './place.ts';
import { release } from './recipes.ts';

const programs = ['setpriv', 'unshare', 'nsenter', 'mount', 'chroot', 'flock', 'ip', 'apt-get'];

/** For the `skip` of a test: false, or the reason in words. */
export async function whyNot(): Promise<string | false> {
  known ??= findOut();
  return await known;
}
let known: Promise<string | false> | undefined;

async function findOut(): Promise<string | false> {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces and Debian roots';
  for (const program of programs) if (!has(program)) return `needs the program ${program}`;
  const separate = ['unshare', '--mount', '--pid', '--net', '--uts', '--fork', 'true'];
  const refusal = await run(here, separate).then(
    () => null,
    (error: Error) => error.message,
  );
  if (refusal) return `needs Linux namespaces: ${refusal}`;
  if (sourcesOf(release, await readAptSources()).length === 0)
    return `needs Debian: the apt sources of this machine name no mirror that has ${release}`;
  if (has('debootstrap')) return false;
  console.error('Installing debootstrap (once) ...');
  return await run(here, ['sh', '-c', 'apt-get -q update && apt-get -qy install debootstrap'], {
    timeout: 300_000,
  }).then(
    () => false as const,
    (error: Error) => `needs debootstrap: ${error.message}`,
  );
}

function has(program: string): boolean {
  // Not through place.ts, which needs setpriv itself.
  const found = spawnSync('sh', ['-c', 'command -v "$0"', program], { env: plainEnvironment() });
  return found.status === 0;
}
