/**
 * Postfix on a machine: its version, where its files are, what its parameters say, what is in its queue.
 */
import { failureOf } from './failure.ts';
import { firstFile, type Ran, type Root } from './root.ts';

export interface PostfixPlace {
  readonly version: string;
  readonly mainCf: string;
  readonly queueFolder: string;
  readonly masterPath: string;
  readonly sendmailPath: string;
  readonly configFolder: string;
  /** For Postfix's programs: `-c FOLDER` where it is not the default instance. */
  readonly instance: readonly string[];
  /** Configuration folders of the other instances that the default one knows of. */
  readonly others: readonly string[];
}

/**
 * `configFolder` names an instance; without it, the default one. Null where there is no Postfix; a problem where
 * postconf does not tell what has to be known.
 */
export async function findPostfixPlace(
  root: Root,
  configFolder?: string,
): Promise<PostfixPlace | { readonly problem: string } | null> {
  if (!(await firstFile(root, ['/usr/sbin/postconf', '/usr/local/sbin/postconf']))) return null;
  const instance = configFolder === undefined ? [] : ['-c', configFolder];
  const { values, failure } = await readPostconf(root, instance, [
    ...['mail_version', 'config_directory', 'queue_directory', 'daemon_directory'],
    ...['sendmail_path', 'multi_instance_directories'],
  ]);
  const [version, queueFolder, daemons] = [
    values.get('mail_version'),
    values.get('queue_directory'),
    values.get('daemon_directory'),
  ];
  const folder = configFolder ?? values.get('config_directory');
  if (!version || !folder || !queueFolder || !daemons)
    return { problem: failure ?? 'postconf does not tell where the folders of Postfix are' };
  const others = values.get('multi_instance_directories') ?? '';
  return {
    version,
    configFolder: folder,
    mainCf: `${folder}/main.cf`,
    queueFolder,
    masterPath: `${daemons}/master`,
    sendmailPath: values.get('sendmail_path') || '/usr/sbin/sendmail',
    instance,
    others: others.split(/[\s,]+/).filter((other) => other !== '' && other !== folder),
  };
}

export interface Postconf {
  /** As postconf(1) writes them. */
  readonly values: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  /** Null: it did not fail. */
  readonly failure: string | null;
}

export async function readPostconf(
  root: Root,
  instance: readonly string[],
  names: readonly string[],
): Promise<Postconf> {
  return parsePostconf(await root.run('/', ['postconf', ...instance, ...names]));
}

export function parsePostconf(ran: Ran): Postconf {
  const values = ran.stdout.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^(\S+) =\s?(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, (value ?? '').trim()]];
  });
  return {
    values: new Map(values),
    warnings: ran.stderr.split('\n').filter((line) => line !== ''),
    failure: ran.status === 0 ? null : failureOf('postconf', ran),
  };
}

/** Services of master.cf that set one of these parameters for themselves: `smtp/inet/smtpd_milters`. */
export async function overridesOf(
  root: Root,
  { instance }: PostfixPlace,
  names: ReadonlySet<string>,
): Promise<string[]> {
  const { stdout } = await root.run('/', ['postconf', ...instance, '-P']);
  return stdout
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => names.has(name.slice(name.lastIndexOf('/') + 1)));
}

/**
 * The first TCP port at which master.cf takes mail from anybody: `smtp` or postscreen; null without; a problem where
 * postconf does not tell.
 */
export async function mailPortOf(
  root: Root,
  { instance }: PostfixPlace,
): Promise<number | { readonly problem: string } | null> {
  const ran = await root.run('/', ['postconf', ...instance, '-M']);
  if (ran.status !== 0) return { problem: failureOf('postconf -M', ran) };
  for (const line of ran.stdout.split('\n')) {
    const [service = '', type, , , , , , program] = line.trim().split(/\s+/);
    if (type !== 'inet' || (program !== 'smtpd' && program !== 'postscreen')) continue;
    const port = service.slice(service.lastIndexOf(':') + 1);
    if (port === 'smtp') return 25;
    if (/^\d{1,5}$/.test(port)) return Number(port);
  }
  return null;
}

/** master(8) can take its lock where none runs. */
export async function isPostfixRunning(root: Root, place: PostfixPlace): Promise<boolean> {
  const { status } = await root.run('/', [place.masterPath, '-c', place.configFolder, '-t']);
  return status === 1;
}

/** Names of the queued messages to this recipient; null where Postfix does not tell (before 3.1). */
export async function queuedTo(
  root: Root,
  { instance }: PostfixPlace,
  recipient: string,
): Promise<string[] | null> {
  const { status, stdout } = await root.run('/', ['postqueue', ...instance, '-j']);
  if (status !== 0) return null;
  return stdout
    .split('\n')
    .filter((line) => line.includes(JSON.stringify(recipient)))
    .flatMap((line) => /"queue_id": *"(\w+)"/.exec(line)?.[1] ?? []);
}
