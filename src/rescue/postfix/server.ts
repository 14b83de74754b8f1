/**
 * Postfix, of which a machine may run several instances: postmulti(1).
 */
import { join } from 'node:path';
import type { Hashing } from '../../foreign/postfix/queue-id.ts';
import { firstFile, outside, type Root } from '../../machine/root.ts';
import type { MailServer } from '../mail-server.ts';
import { createHand } from './hand.ts';
import { askNextHops } from './next-hops.ts';

const defaultConfig = '/etc/postfix';

/** All its instances; none where there is no Postfix. */
export async function findPostfix(root: Root): Promise<readonly MailServer[]> {
  const first = await firstFile(root, ['/usr/sbin/postconf', '/usr/local/sbin/postconf']);
  if (first === null) return [];
  const [configFolder = defaultConfig, instances = ''] =
    (await postconf(root, null, ['config_directory', 'multi_instance_directories'])) ?? [];
  const folders = [configFolder, ...instances.split(/[\s,]+/).filter((one) => one.startsWith('/'))];
  const servers: MailServer[] = [];
  for (const folder of new Set(folders)) {
    const server = await openInstance(root, folder, folder === configFolder);
    if (server) servers.push(server);
  }
  return servers;
}

const settings = [
  'mail_version',
  'queue_directory',
  'daemon_directory',
  'hash_queue_names',
  'hash_queue_depth',
  'multi_instance_name',
] as const;

/** Null: its configuration cannot be read. */
async function openInstance(
  root: Root,
  configFolder: string,
  isOnly: boolean,
): Promise<MailServer | null> {
  const values = await postconf(root, configFolder, settings);
  if (!values) return null;
  const [version = '', queue = '', daemonFolder = '', names = '', depth = '', name = ''] = values;
  if (!queue.startsWith('/') || !daemonFolder.startsWith('/')) return null;
  const folder = outside(root, queue);
  const hashing: Hashing = {
    queues: new Set(names.toLowerCase().split(/[\s,]+/)),
    depth: Math.min(Math.max(Number.parseInt(depth, 10) || 1, 1), 16),
  };
  // Ends with 0 where it could take the lock of the master process, and with 1 where that runs.
  const isRunning = async () => {
    const command = [join(daemonFolder, 'master'), '-c', configFolder, '-t'];
    return (await root.run('/', command)).status === 1;
  };
  const whyNoHand =
    process.getuid?.() !== 0
      ? 'only root may change the queue of Postfix'
      : (await firstFile(root, ['/usr/sbin/postsuper', '/usr/local/sbin/postsuper'])) === null
        ? 'there is no program postsuper'
        : null;
  const called = name || (isOnly ? '' : configFolder);
  return {
    title: `Postfix ${version}${called && ` (${called})`}`,
    source: { mta: 'postfix', folders: [folder] },
    queue,
    isRunning,
    nextHops: (addresses) =>
      askNextHops({ root, configFolder, queueFolder: queue, daemonFolder }, addresses),
    hand:
      whyNoHand === null ? createHand({ root, configFolder, folder, hashing, isRunning }) : null,
    whyNoHand,
  };
}

/** Values in the order of the names; null: postconf does not run. */
async function postconf(
  root: Root,
  configFolder: string | null,
  names: readonly string[],
): Promise<string[] | null> {
  const at = configFolder === null ? [] : ['-c', configFolder];
  const { status, stdout } = await root.run('/', ['postconf', '-x', ...at, ...names]);
  if (status !== 0) return null;
  const lines = stdout.split('\n');
  return names.map(
    (name) =>
      lines
        .find((line) => line.startsWith(`${name} =`))
        ?.slice(name.length + 2)
        .trim() ?? '',
  );
}
