/**
 * Postfix on a machine: its version, where its files are, what its parameters say.
 */
import { firstFile, type Root } from './root.ts';

export interface PostfixPlace {
  readonly version: string;
  readonly mainCf: string;
  readonly queueFolder: string;
  readonly masterPath: string;
  readonly configFolder: string;
}

/** Of the default instance; null where there is no Postfix, or postconf does not run. */
export async function findPostfixPlace(root: Root): Promise<PostfixPlace | null> {
  if (!(await firstFile(root, ['/usr/sbin/postconf', '/usr/local/sbin/postconf']))) return null;
  const names = ['mail_version', 'config_directory', 'queue_directory', 'daemon_directory'];
  const { values } = await readPostconf(root, names);
  const [version, configFolder, queueFolder, daemons] = names.map((name) => values.get(name));
  if (!version || !configFolder || !queueFolder || !daemons) return null;
  return {
    version,
    configFolder,
    mainCf: `${configFolder}/main.cf`,
    queueFolder,
    masterPath: `${daemons}/master`,
  };
}

/** Values as postconf(1) writes them, and what it warned of. */
export async function readPostconf(
  root: Root,
  names: readonly string[],
): Promise<{ values: ReadonlyMap<string, string>; warnings: readonly string[] }> {
  const { stdout, stderr } = await root.run('/', ['postconf', ...names]);
  const values = stdout.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^(\S+) =\s?(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, (value ?? '').trim()]];
  });
  return { values: new Map(values), warnings: stderr.split('\n').filter((line) => line !== '') };
}

/** Services of master.cf that set one of these parameters for themselves: `smtp/inet/smtpd_milters`. */
export async function overridesOf(root: Root, names: ReadonlySet<string>): Promise<string[]> {
  const { stdout } = await root.run('/', ['postconf', '-P']);
  return stdout
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => names.has(name.slice(name.lastIndexOf('/') + 1)));
}

/** master(8) can take its lock where none runs. */
export async function isPostfixRunning(root: Root, place: PostfixPlace): Promise<boolean> {
  const { status } = await root.run('/', [place.masterPath, '-c', place.configFolder, '-t']);
  return status === 1;
}
