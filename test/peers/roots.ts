/**
 * Debian roots with real mail servers in them, built once and kept in a cache folder.
 *
 * A root is a folder `NAME-HASH`, where the hash covers the recipe: a changed recipe is another root.
 * It is built beside its place and renamed when it is complete, so a broken build leaves nothing that
 * counts. Tests never write into a root: machine.ts puts a layer over it.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AptSource, formatSource, readAptSources, sourcesOf } from './apt-sources.ts';
import { here, type Place, run, start } from './place.ts';
import { basePackages, type Recipe, recipes, release, type ServerName } from './recipes.ts';

/** Counted up when this file builds roots in another way. */
const revision = 1;
const authorities = '/etc/ssl/certs/ca-certificates.crt';
const buildTimeout = 600_000;

/** `$SPILLWAY_CACHE` or `~/.cache/spillway`. */
export function cacheFolder(): string {
  return process.env['SPILLWAY_CACHE'] || join(homedir(), '.cache', 'spillway');
}

/** The folder of a complete root, built now if there is none yet. Only for reading. */
export async function rootOf(server: ServerName): Promise<string> {
  const folder = join(cacheFolder(), 'roots');
  await mkdir(folder, { recursive: true });
  const base = hash([revision, release, basePackages]);
  const recipe: Recipe = recipes[server];
  const baseRoot = join(folder, `base-${base}`);
  const root = join(folder, `${server}-${hash([base, recipe])}`);
  if (await exists(root)) return root;

  await using _lock = await lock(join(folder, 'lock'));
  const sources = sourcesOf(release, await readAptSources());
  if (!(await exists(baseRoot))) await build(baseRoot, (target) => bootstrap(target, sources));
  if (!(await exists(root)))
    await build(root, async (target) => {
      await run(here, ['cp', '-a', '--reflink=auto', `${baseRoot}/.`, target]);
      await install(target, recipe);
    });
  return root;
}

async function build(root: string, make: (target: string) => Promise<void>): Promise<void> {
  const name = root.slice(root.lastIndexOf('/') + 1);
  const kind = name.slice(0, name.lastIndexOf('-'));
  console.error(`Building the root of ${kind} (once) in ${root} ...`);
  const target = `${root}.building`;
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  await make(target);
  await rename(target, root);
  // What an older recipe made is of no use any more.
  for (const other of await readdir(dirname(root)))
    if (other.startsWith(`${kind}-`) && other !== name)
      await rm(join(dirname(root), other), { recursive: true, force: true });
}

async function bootstrap(target: string, sources: readonly AptSource[]): Promise<void> {
  const main = sources[0];
  if (!main) throw new Error(`The apt sources of this machine name no mirror that has ${release}`);
  const settings = await acquireSettings();
  const proxy = /^Acquire::https?::Proxy "(http[^"]+)"/m.exec(settings)?.[1];
  const environment = proxy ? ['env', `http_proxy=${proxy}`, `https_proxy=${proxy}`] : [];
  const keyring = main.signedBy ? [`--keyring=${main.signedBy}`] : [];
  const packages = `--include=${basePackages.join(',')}`;
  await run(
    { prefix: ['unshare', '--mount', '--pid', '--fork', '--kill-child', ...environment] },
    ['debootstrap', '--variant=minbase', ...keyring, packages, release, target, main.uri],
    { timeout: buildTimeout },
  );

  const file = (path: string, text: string) => writeFile(join(target, path), text);
  await file('/etc/apt/sources.list', `${sources.map(formatSource).join('\n')}\n`);
  await file('/etc/apt/apt.conf.d/90machine', settings);
  await file('/etc/dpkg/dpkg.cfg.d/90unsafe-io', 'force-unsafe-io\n');
  for (const [, certificates = ''] of settings.matchAll(/::CaInfo "(\/[^"]+)"/g))
    await copyInto(target, certificates);
  await copyInto(target, authorities);
  for (const { signedBy } of sources) if (signedBy) await copyInto(target, signedBy);
  // The servers are started by the tests, not by their packages.
  await file('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n');
  await chmod(join(target, '/usr/sbin/policy-rc.d'), 0o755);
}

async function install(target: string, recipe: Recipe): Promise<void> {
  await copyInto(target, '/etc/resolv.conf');
  await copyInto(target, '/etc/hosts');
  const place = insideOf(target);
  if (recipe.answers)
    await run(place, ['debconf-set-selections'], { input: `${recipe.answers.join('\n')}\n` });
  const timeout = buildTimeout;
  await run(place, ['apt-get', '-q', 'update'], { timeout });
  const options = ['-qy', '--no-install-recommends'];
  await run(place, ['apt-get', ...options, 'install', ...recipe.packages], { timeout });
  await run(place, ['sh', '-c', 'apt-get clean; rm -rf /var/lib/apt/lists/*']);
}

/** Inside a root that is being built, on this machine's network. */
function insideOf(target: string): Place {
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  const apart = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];
  return { prefix: [...apart, 'sh', '-c', script, target] };
}

/** How this machine's apt reaches its mirror: proxies, certificates, checks that are switched off. */
async function acquireSettings(): Promise<string> {
  const all = await run(here, ['apt-config', 'dump']);
  const wanted = /^Acquire::(https?::|Check-|Retries|ForceIPv[46])(?!.*Auto-?Detect).*"[^"]+";$/i;
  return `${all
    .split('\n')
    .filter((line) => wanted.test(line))
    .join('\n')}\n`;
}

async function copyInto(target: string, path: string): Promise<void> {
  if (!(await exists(path))) return;
  await mkdir(join(target, dirname(path)), { recursive: true });
  await rm(join(target, path), { force: true });
  await copyFile(path, join(target, path));
}

/** Waits until no other process builds; the kernel lets go of the lock if we die. */
async function lock(file: string): Promise<AsyncDisposable> {
  const child = start(here, ['flock', file, 'sh', '-c', 'echo locked; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), closed]);
  if (child.exitCode !== null) throw new Error(`Cannot lock ${file}`);
  return {
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await closed;
    },
  };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
